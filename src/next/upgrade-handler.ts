import type { EventEmitter } from 'node:events'
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { NextApp } from './app.js'

/** Gives a socket the answer that Next owes it, with this status. */
export type Refuse = (status: number) => void

/** Hands a socket to Next. Where Next leaves it without an answer, `refuse` is called, once. */
export type UpgradeHandler = (
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  refuse: Refuse
) => Promise<void>

type Handle = (request: IncomingMessage, socket: Duplex, head: Buffer) => unknown
type End = (chunk?: unknown, ...rest: unknown[]) => Duplex

/** Next ends a socket with these alone, which is no HTTP. */
const STATUS_OF_TEXT: Readonly<Record<string, number>> = {
  // Of an origin that may not use the development server: block-cross-site-dev.js.
  Unauthorized: 403,
  // A rewrite leads to where nobody answers: proxy-request.js.
  'Internal Server Error': 502
}

/**
 * `getUpgradeHandler()` of a custom server does nothing. The getter that does is not documented;
 * without it Next answers once the first page has been requested.
 * @param upgrades what Next listens on by itself then
 */
export function upgradeHandler(app: NextApp, upgrades: EventEmitter): UpgradeHandler {
  return async (request, socket, head, refuse) => {
    const hasAnswered = noteEnd(socket, refuse)
    const { upgradeHandler: handle } = app as { upgradeHandler?: Handle }
    if (typeof handle !== 'function') {
      if (!upgrades.emit('upgrade', request, socket, head)) refuse(404)
      return
    }
    const listeners = socket.listenerCount('error')
    await handle(request, socket, head)
    // Next has a listener of its own; more of them has only who goes on with the socket, say the
    // proxy of a rewrite that still connects. What nobody does Next leaves open.
    if (!hasAnswered() && socket.listenerCount('error') <= listeners + 1) socket.end()
  }
}

/**
 * Has `refuse` called in the place of an `end()` without an answer before it: so Next ends what has
 * the path of a page. Returns whether the socket has had an answer.
 */
function noteEnd(socket: Duplex & { bytesWritten?: number }, refuse: Refuse): () => boolean {
  // Requests before this one may have been answered on the connection.
  const before = socket.bytesWritten
  let isRefused = false
  const hasAnswered = (): boolean =>
    isRefused || before === undefined || socket.bytesWritten !== before
  const end = socket.end.bind(socket) as End
  const endOrRefuse: End = (chunk, ...rest) => {
    // What ws refuses gets an answer with its end.
    if (hasAnswered() || String(chunk).startsWith('HTTP/1.1 ')) return end(chunk, ...rest)
    isRefused = true
    refuse(STATUS_OF_TEXT[String(chunk)] ?? 404)
    return socket
  }
  socket.end = endOrRefuse as Duplex['end']
  return hasAnswered
}
