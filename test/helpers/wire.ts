import { once } from 'node:events'
import { connect } from 'node:net'

/**
 * Sends bytes to a port and resolves to all that comes back until the server closes.
 * @param request ends with a request that asks for `Connection: close`
 */
export async function exchange(port: number, request: string, timeout = 10_000): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  socket.setTimeout(timeout, () => socket.destroy(new Error('No answer')))
  const chunks: Buffer[] = []
  socket.on('data', chunk => chunks.push(chunk))
  // Not ended: a server takes a client that closes its half for one that has left.
  socket.write(request)
  await once(socket, 'close')
  return Buffer.concat(chunks).toString('latin1')
}

/** The head of a request for a WebSocket. */
export function upgradeRequest(path: string): string {
  return [
    `GET ${path} HTTP/1.1`,
    'Host: localhost',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    '\r\n'
  ].join('\r\n')
}

/** A request of a client that would rather speak HTTP/2, as curl and Java's are; its answer is the last. */
export function h2cRequest(path: string, body?: string): string {
  return [
    `${body === undefined ? 'GET' : 'POST'} ${path} HTTP/1.1`,
    'Host: localhost',
    'Connection: Upgrade, HTTP2-Settings, close',
    'Upgrade: h2c',
    'HTTP2-Settings: AAMAAABkAAQAAP__',
    ...(body === undefined ? [] : ['Content-Type: text/plain', `Content-Length: ${body.length}`]),
    `\r\n${body ?? ''}`
  ].join('\r\n')
}
