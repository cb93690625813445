import { type IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type {
  FastifyInstance,
  FastifyReply,
  FastifyRequest,
  onRouteHookHandler,
  RouteOptions
} from 'fastify'
import type { Asker } from '../ask.js'
import type { NextServer } from '../next/server.js'
import type { Settings } from '../options.js'
import { headOf, type OnUpgrade } from './gate.js'
import { isForWebSocket } from './ordinary.js'
import { closeAfterEnd } from './refuse.js'
import type { Sockets } from './sockets.js'

/** With what `@fastify/websocket` adds to it. */
type WebSocketRoute = RouteOptions & { wsHandler?: unknown; websocket?: unknown }

/** Has Fastify's router find who answers an upgrade, with all hooks, as `@fastify/websocket` does. */
export function routeUpgrades(fastify: FastifyInstance): OnUpgrade {
  return (request, socket) => {
    closeAfterEnd(socket)
    const response = new ServerResponse(request)
    response.shouldKeepAlive = false
    try {
      response.assignSocket(socket as IncomingMessage['socket'])
      response.once('finish', () => socket.end())
      fastify.routing(request, response)
    } catch (err) {
      // The answer to a request before this one is still on its way.
      fastify.log.warn({ err }, 'An upgrade could not be answered.')
      socket.destroy()
    }
  }
}

/**
 * An `onRoute` hook for Next's routes: answers upgrades that Fastify's router has brought there. Next
 * would write a page into the socket. `@fastify/websocket`, which has wrapped the handler, would open
 * a WebSocket to close it; what it was told to open on the route it still does.
 */
export function answerUpgrades(answer: UpgradeAnswerer): onRouteHookHandler {
  return options => {
    const { handler, wsHandler, websocket } = options as WebSocketRoute
    if (wsHandler || websocket) return
    options.handler = function answerOrUpgrade(request, reply) {
      return isUpgrade(request) ? answer(request, reply) : handler.call(this, request, reply)
    }
  }
}

export type UpgradeAnswerer = (request: FastifyRequest, reply: FastifyReply) => void

/** Answers with 404, unless a rewrite of Next's leads elsewhere and may be used. */
export function upgradeAnswerer(
  { asker, next, sockets }: { asker: Asker; next: NextServer; sockets: Sockets },
  { websocketRewrites }: Settings
): UpgradeAnswerer {
  return (request, reply) => {
    const { raw } = reply
    const socket = raw.socket as Duplex
    closeAfterEnd(socket)
    raw.once('finish', () => socket.end())
    const head = headOf(request.raw)
    // What is for none the proxy of Next closes without an answer.
    if (!websocketRewrites || head === undefined || !isForWebSocket(request.raw)) {
      reply.code(404).header('connection', 'close').send()
      return
    }
    sockets.add(socket)
    const refuse = (status: number): void => {
      raw.writeHead(status, { connection: 'close', 'content-length': 0 }).end()
    }
    asker.bypass(reply, () => next.upgrade(request.raw, socket, head, refuse))
  }
}

/** Also one that `injectWS()` of `@fastify/websocket` has made up, which is no request of Node's. */
function isUpgrade(request: FastifyRequest): boolean {
  const { raw, ws } = request as { raw: { upgrade?: boolean | null }; ws?: boolean | null }
  return raw.upgrade === true || ws === true
}
