import type { FastifyInstance } from 'fastify'
import type { Background } from './background.js'
import type { Connections } from './connections.js'
import type { NextServer } from './next/server.js'
import type { Readiness } from './readiness.js'
import { within } from './within.js'

/** What Next's own close may take when all of `closeTimeout` has gone into waiting. */
const CLOSE_GRACE_MS = 1_000

interface Parts {
  next: NextServer
  readiness: Readiness
  background: Background
  connections: Connections
}

/** Ends the app when Fastify closes, in `closeTimeout` ms and what Next's own close takes. */
export function addShutdown(
  fastify: FastifyInstance,
  { next, readiness, background, connections }: Parts,
  closeTimeout: number
): void {
  let deadline = 0
  connections.watch()
  const left = (): number => Math.max(0, deadline - Date.now())

  fastify.addHook('preClose', async () => {
    deadline = Date.now() + closeTimeout
    connections.closeBy(deadline)
  })

  // Fastify has closed its server by now, but not the second one that it has for localhost.
  fastify.addHook('onClose', async () => {
    await within(connections.idle(), left())
    await within(readiness.settled(), left())
    const unfinished = await background.settle(left())
    if (unfinished > 0) {
      fastify.log.warn(`Closing with ${unfinished} background tasks of Next.js unfinished`)
    }
    try {
      await within(next.close(), left() + CLOSE_GRACE_MS)
    } finally {
      connections.stop()
      background.release()
    }
  })
}
