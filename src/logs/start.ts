import type { Call } from '../background.js'
import { write } from './write.js'

/** Starts Next, and logs how long that took, as `next dev` prints it. */
export async function logStart(call: Call, start: () => Promise<void>): Promise<void> {
  const begun = performance.now()
  await start()
  write(call, 'info', { text: `Ready in ${Math.round(performance.now() - begun)}ms` })
}
