import { FST_NEXT_START_TIMEOUT } from './errors.js'
import { within } from './within.js'

/** So much before Fastify's own error, which names a hook and says nothing of Next. */
const MARGIN_MS = 50

/**
 * Waits for a step of the start for as long as Fastify waits for a plugin, or for a hook.
 * @param step as in "Next.js did not …"
 * @param pluginTimeout of Fastify, 0 for ever
 * @throws FST_NEXT_START_TIMEOUT
 */
export async function startWithin<Result>(
  step: string,
  start: Promise<Result>,
  pluginTimeout = 0
): Promise<Result> {
  if (pluginTimeout === 0) return start
  if (await within(start, Math.max(0, pluginTimeout - MARGIN_MS))) return start
  throw new FST_NEXT_START_TIMEOUT(step, pluginTimeout)
}
