import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { Server as TlsServer } from 'node:tls'
import { ignoreErrors } from './refuse.js'

/** Where Node keeps the response that a connection is busy with. */
type HttpSocket = Duplex & { _httpMessage?: ServerResponse | null }

/**
 * Has Node read a request again, as one without an upgrade: a Node that cannot be told before has left
 * its connection at the end of the head, with the body unread.
 */
export function readAgain(
  server: Server,
  request: IncomingMessage,
  socket: HttpSocket,
  head: Buffer
): void {
  ignoreErrors(socket)
  const read = (): void => {
    if (!socket.writable) return
    socket.unshift(Buffer.concat([ordinaryHead(request), head]))
    server.emit(server instanceof TlsServer ? 'secureConnection' : 'connection', socket)
  }
  // Answers leave in the order of the requests: RFC 9112, 9.3.2.
  if (socket._httpMessage) socket._httpMessage.once('close', read)
  else read()
}

/**
 * The connection closes with the answer: whoever notes connections hears of it a second time, which
 * is not to come with each request. And Node keeps no more than some of the headers, so what follows
 * the body without a `Content-Length` that was lost must be no request.
 */
function ordinaryHead({ method, url, httpVersion, rawHeaders }: IncomingMessage): Buffer {
  const lines = [`${method} ${url} HTTP/${httpVersion}`]
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = String(rawHeaders[index])
    if (!/^(connection|upgrade)$/i.test(name)) lines.push(`${name}: ${rawHeaders[index + 1]}`)
  }
  return Buffer.from([...lines, 'Connection: close', '\r\n'].join('\r\n'), 'latin1')
}
