import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Http2Session } from 'node:http2'
import type { Server } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { hasLeft } from './response/connection-response.js'

const SWEEP_INTERVAL_MS = 50

type HttpServer = Server & { closeIdleConnections?(): void; closeAllConnections?(): void }

/** The connections of an instance, and the requests on them that Next has not yet answered. */
export interface Connections {
  /** Begins to note the sessions of HTTP/2, until `stop()`. */
  watch(): void
  /** Notes a request that is about to be handed to Next. */
  add(request: IncomingMessage, response: ServerResponse): void
  /** Closes connections as they become idle, and the rest at `deadline`, until `stop()`. */
  closeBy(deadline: number): void
  /** Resolves when Next has answered everything. */
  idle(): Promise<void>
  stop(): void
}

/**
 * Fastify's own close waits for the `keepAliveTimeout` of connections that had a request in flight
 * when it began, 72 s by default, and of the two servers for `localhost` it knows the first only.
 */
export function trackConnections({ server }: FastifyInstance): Connections {
  const servers = new Set<HttpServer>([server])
  const sessions = new Set<Http2Session>()
  let inFlight = 0
  let onIdle = (): void => {}
  let sweep: NodeJS.Timeout | undefined

  const closeIdle = (): void => {
    for (const known of servers) known.closeIdleConnections?.()
  }
  const onSession = (session: Http2Session): void => {
    sessions.add(session)
    session.once('close', () => sessions.delete(session))
  }

  return {
    watch() {
      // Only servers for HTTP/2 have sessions.
      server.on('session', onSession)
    },
    add({ socket }, response) {
      // It has closed already, and will not say so again.
      if (hasLeft(response)) return
      if ('server' in socket) servers.add(socket.server as HttpServer)
      inFlight++
      response.once('close', () => {
        if (--inFlight === 0) onIdle()
      })
    },
    closeBy(deadline) {
      for (const session of sessions) session.close()
      sweep = setInterval(() => {
        closeIdle()
        if (Date.now() < deadline) return
        for (const known of servers) known.closeAllConnections?.()
        for (const session of sessions) session.destroy()
      }, SWEEP_INTERVAL_MS)
      sweep.unref()
    },
    async idle() {
      if (inFlight === 0) return
      await new Promise<void>(resolve => {
        onIdle = resolve
      })
    },
    stop() {
      clearInterval(sweep)
      closeIdle()
      server.off('session', onSession)
    }
  }
}
