import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { Socket } from 'node:net'

/** The connections that `fetch()` has opened in this process. */
export interface OwnConnections {
  /** Whether a connection of the server has its other end in this process. */
  has(socket: Socket): boolean
  stop(): void
}

/** Documented by undici, which is Node's `fetch()`. */
const CONNECTED = 'undici:client:connected'

/** Notes the connections of `fetch()`, until `stop()`. */
export function trackOwnConnections(): OwnConnections {
  const open = new Set<string>()
  const onConnected = (message: unknown): void => {
    const { socket } = message as { socket: Socket }
    const end = nameOf(socket.localAddress, socket.localPort)
    if (end === undefined) return
    open.add(end)
    socket.once('close', () => open.delete(end))
  }
  subscribe(CONNECTED, onConnected)
  return {
    has: ({ remoteAddress, remotePort }) => open.has(nameOf(remoteAddress, remotePort) ?? ''),
    stop: () => void unsubscribe(CONNECTED, onConnected)
  }
}

/** `undefined` for the socket of a file, which has neither. */
function nameOf(address: string | undefined, port: number | undefined): string | undefined {
  if (address === undefined || port === undefined) return undefined
  // A server on `::` sees an IPv4 address in the form of IPv6.
  return `${address.replace(/^::ffff:/, '')} ${port}`
}
