import { FST_NEXT_START_TIMEOUT } from './errors.js'
import { within } from './within.js'

/** So much before Fastify's own error, which names a hook and says nothing of Next. */
const MARGIN_MS = 50

/**
 * Waits for the start of Next for as long as Fastify waits for a hook.
 * @param pluginTimeout of Fastify, 0 for ever
 * @throws FST_NEXT_START_TIMEOUT
 */
export async function startWithin(start: Promise<void>, pluginTimeout = 0): Promise<void> {
  if (pluginTimeout === 0) return start
  if (await within(start, Math.max(0, pluginTimeout - MARGIN_MS))) return
  throw new FST_NEXT_START_TIMEOUT(pluginTimeout)
}
