import type { FastifyInstance } from 'fastify'
import type { Background } from '../background.js'
import type { NextServer } from '../next/server.js'
import type { Settings } from '../options.js'
import type { Readiness } from '../readiness.js'
import { within } from '../within.js'
import type { Closing } from './closing.js'

/** What Next's own close may take when all of `closeTimeout` has gone into waiting. */
const CLOSE_GRACE_MS = 1_000

/**
 * How long a development server may go on starting. Closed before that, it would keep its watchers
 * and its lock until it has started; one that hangs would keep the process from being restarted.
 */
const START_GRACE_MS = 3_000

interface Parts {
  next: NextServer
  readiness: Readiness
  background: Background
  closing: Closing
}

/**
 * Ends the app when Fastify closes, in `closeTimeout` ms and what Next's own close takes. In
 * development nothing of Next's is waited for, as with `next dev`: it would hold up each restart.
 */
export function addShutdown(
  fastify: FastifyInstance,
  { next, readiness, background, closing }: Parts,
  { dev }: Settings
): void {
  const left = (): number => (dev ? 0 : closing.left)
  closing.whenBegun(() => readiness.abandon())

  fastify.addHook('preClose', async () => {
    // It has begun already, unless the server does not listen.
    void closing.begin()
  })

  // Fastify has closed its server by now, but not the second one that it has for localhost.
  fastify.addHook('onClose', async () => {
    await closing.answered()
    await within(readiness.settled(), dev ? START_GRACE_MS : closing.left)
    const unfinished = await background.settle(left())
    if (unfinished.length > 0) {
      fastify.log.warn(
        `Closing with ${unfinished.length} background tasks of Next.js unfinished: ${listOf(unfinished)}`
      )
    }
    try {
      await within(next.close(), left() + CLOSE_GRACE_MS)
    } finally {
      background.release()
      closing.release()
    }
  })
}

/** Names each route once, with how often it is there. */
function listOf(names: readonly string[]): string {
  const counts = new Map<string, number>()
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1)
  return [...counts].map(([name, count]) => (count === 1 ? name : `${name} (${count})`)).join(', ')
}
