import { consoleMethods } from './console.js'
import { reportedErrors } from './request-errors.js'
import { logInstead } from './standard-output.js'
import { WorkersOutput } from './workers-output.js'
import { WrappedMethod } from './wrapped-method.js'

/** A way on which Next and its pages print. */
interface Output {
  open(): void
  close(): void
}

let ofDevelopment: readonly Output[] | undefined
const users = new Map<Output, number>()

/**
 * Has what Next and its pages print go to the log of the instance and the request that it is about,
 * until the function that is returned is called. Before Next is loaded: what it puts around the
 * console then stays in use, such as the log that it keeps for agents in development.
 */
export function openLogs({ dev }: { dev: boolean }): () => void {
  const ofAll = [...consoleMethods, reportedErrors]
  const outputs = dev ? [...ofAll, ...outputsOfDevelopment()] : ofAll
  for (const output of outputs) change(output, 1)
  return () => {
    for (const output of outputs) change(output, -1)
  }
}

/** Not before they are needed: Node opens the streams where they are first read. */
function outputsOfDevelopment(): readonly Output[] {
  ofDevelopment ??= [
    new WrappedMethod(process.stdout, 'write', logInstead),
    new WorkersOutput(process.stdout, 'info'),
    new WorkersOutput(process.stderr, 'error')
  ]
  return ofDevelopment
}

function change(output: Output, by: 1 | -1): void {
  const before = users.get(output) ?? 0
  users.set(output, before + by)
  if (before === 0) output.open()
  else if (before + by === 0) output.close()
}
