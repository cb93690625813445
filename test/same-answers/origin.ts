import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import type { Test } from 'tap'

type Handler = (request: IncomingMessage, response: ServerResponse, body: Buffer) => void

const HANDLERS: Readonly<Record<string, Handler>> = {
  '/cookies': (_request, response) =>
    response
      .writeHead(200, { 'Set-Cookie': ['a=1; Path=/', 'b=2'], Vary: 'Cookie' })
      .end('cookies'),
  '/compressed': (_request, response) =>
    response
      .writeHead(200, { 'Content-Encoding': 'gzip', 'Content-Type': 'text/plain' })
      .end(gzipSync('compressed '.repeat(500))),
  '/large': (_request, response) =>
    response.writeHead(200, { 'Content-Type': 'text/plain' }).end('large '.repeat(100_000)),
  '/redirect': (_request, response) =>
    response.writeHead(302, { Location: '/elsewhere' }).end('elsewhere'),
  '/empty': (_request, response) => response.writeHead(204, { 'X-Empty': 'yes' }).end(),
  '/status': (_request, response) => response.writeHead(418, 'As it says').end('status'),
  '/events'(_request, response) {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' })
    response.write('data: one\n\n')
    setTimeout(() => response.end('data: two\n\n'), 5)
  },
  '/broken': (_request, response) => response.destroy(),
  '/cut'(_request, response) {
    response.writeHead(200, { 'Content-Length': 100 }).write('cut')
    setTimeout(() => response.destroy(), 20)
  }
}

/** Another server, which says what has reached it. Resolves to its URL. */
export async function startOrigin(t: Test): Promise<string> {
  const server = createServer(async (request, response) => {
    // Over a connection that is kept, plain Next answers every second upload with 400.
    response.setHeader('Connection', 'close')
    response.setHeader('X-Origin', ['one', 'two'])
    const chunks: Buffer[] = []
    try {
      for await (const chunk of request) chunks.push(chunk)
    } catch {
      // The client has left in the middle of its body.
      return
    }
    const { method, url = '' } = request
    // The order of headers says nothing.
    const headers = Object.entries(request.headers).sort()
    const handler = HANDLERS[new URL(url, 'http://origin').pathname]
    if (handler) return handler(request, response, Buffer.concat(chunks))
    const body = Buffer.concat(chunks)
    const echo = { method, url, headers, length: body.length, body: body.toString('base64') }
    response.setHeader('Content-Type', 'application/json')
    response.writeHead(201).end(JSON.stringify(echo))
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
