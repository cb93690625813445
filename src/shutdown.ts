import type { Http2Session } from 'node:http2'
import type { FastifyInstance } from 'fastify'
import type { Background } from './background.js'
import type { NextServer } from './next/server.js'
import type { Readiness } from './readiness.js'
import { within } from './within.js'

const SWEEP_INTERVAL_MS = 50

interface Parts {
  next: NextServer
  readiness: Readiness
  background: Background
  /** Releases what the plugin holds of the process. */
  release(): void
}

/** Ends the app when Fastify closes, in `closeTimeout` ms and what Next's own close takes. */
export function addShutdown(
  fastify: FastifyInstance,
  { next, readiness, background, release }: Parts,
  closeTimeout: number
): void {
  const connections = trackConnections(fastify)
  let deadline = 0

  fastify.addHook('preClose', async () => {
    deadline = Date.now() + closeTimeout
    connections.closeBy(deadline)
  })

  // Fastify has closed its server by now, and with it every request is answered or cut.
  fastify.addHook('onClose', async () => {
    connections.stop()
    const left = (): number => Math.max(0, deadline - Date.now())
    await within(readiness.settled(), left())
    const unfinished = await background.settle(left())
    if (unfinished > 0) {
      fastify.log.warn(`Closing with ${unfinished} background tasks of Next.js unfinished`)
    }
    await within(next.close(), Math.max(left(), SWEEP_INTERVAL_MS))
    release()
  })
}

/**
 * Closes the connections that have nothing to do while the server closes: Fastify would wait for
 * the `keepAliveTimeout` of those that had a request in flight when it began, 72 s by default.
 */
function trackConnections({ server }: FastifyInstance) {
  const sessions = new Set<Http2Session>()
  let sweep: NodeJS.Timeout | undefined
  const onSession = (session: Http2Session): void => {
    sessions.add(session)
    session.once('close', () => sessions.delete(session))
  }
  // Only servers for HTTP/2 have sessions.
  server.on('session', onSession)

  return {
    closeBy(deadline: number): void {
      for (const session of sessions) session.close()
      sweep = setInterval(() => {
        server.closeIdleConnections?.()
        if (Date.now() < deadline) return
        server.closeAllConnections?.()
        for (const session of sessions) session.destroy()
      }, SWEEP_INTERVAL_MS)
    },
    stop(): void {
      clearInterval(sweep)
      server.off('session', onSession)
    }
  }
}
