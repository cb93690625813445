import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'

/** Answers an upgrade that nobody takes, and closes its socket. */
export function refuse(socket: Duplex, status: number): void {
  closeAfterEnd(socket)
  socket.end(
    [
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
      'Connection: close',
      'Content-Length: 0',
      `Date: ${new Date().toUTCString()}`,
      '\r\n'
    ].join('\r\n')
  )
}

/** Node's HTTP servers leave a socket open that is ended, until the client ends it too. */
export function closeAfterEnd(socket: Duplex): void {
  socket.once('finish', () => socket.destroy())
  ignoreErrors(socket)
}

/** Node takes its own listener off a socket that is upgraded. */
export function ignoreErrors(socket: Duplex): void {
  socket.on('error', () => {})
}
