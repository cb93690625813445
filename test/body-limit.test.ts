import t from 'tap'
import { event } from './helpers/event.js'
import { setGlobal } from './helpers/globals.js'
import { ready, serve } from './helpers/serve.js'
import { exchange } from './helpers/wire.js'

const LIMIT = 1000

function post(path: string, body: string, chunked: boolean): string {
  const framing = chunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${body.length}`
  const half = Math.ceil(body.length / 2)
  const pieces = [body.slice(0, half), body.slice(half)]
    .filter(piece => piece !== '')
    .map(piece => `${piece.length.toString(16)}\r\n${piece}\r\n`)
  return [
    `POST ${path} HTTP/1.1`,
    'Host: localhost',
    'Connection: close',
    'Content-Type: text/plain',
    framing,
    '',
    chunked ? `${pieces.join('')}0\r\n\r\n` : body
  ].join('\r\n')
}

t.test('bodyLimit is counted on the wire', async t => {
  const { port } = await serve(t, { options: { bodyLimit: LIMIT } })
  for (const path of ['/api-route/echo', '/api/upload']) {
    for (const chunked of [false, true]) {
      const name = `${path} ${chunked ? 'chunked' : 'with a length'}`
      const fits = await exchange(port, post(path, 'x'.repeat(LIMIT), chunked))
      t.match(fits, /^HTTP\/1\.1 200 /, name)
      t.match(fits, `"length":${LIMIT}`, name)

      const received: number[] = []
      setGlobal(t, 'uploaded', (length: number) => received.push(length))
      const exceeds = await exchange(port, post(path, 'x'.repeat(LIMIT + 1), chunked))
      t.match(exceeds, /^HTTP\/1\.1 413 Payload Too Large\r\n/, name)
      t.match(exceeds, '"code":"FST_NEXT_BODY_TOO_LARGE"', name)
      t.match(exceeds, /\r\nconnection: close\r\n/i, name)
      t.match(exceeds, /\r\ncache-control: no-store\r\n/i, name)
      t.notOk(
        received.some(length => length > LIMIT || !chunked),
        'Next was not sent it'
      )
    }
  }
})

t.test('a body without an end is answered when it exceeds the limit', async t => {
  const { port } = await serve(t, { options: { bodyLimit: LIMIT } })
  const head =
    'POST /api-route/echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n'
  const answer = await exchange(port, `${head}400\r\n${'x'.repeat(1024)}\r\n`)
  t.match(answer, /^HTTP\/1\.1 413 /)
})

t.test("Fastify's own limit is not that of Next's routes", async t => {
  const { port } = await serve(t, { server: { bodyLimit: 10 } })
  const answer = await exchange(port, post('/api-route/echo', 'x'.repeat(100), false))
  t.match(answer, '"length":100')
})

t.test('a declared route has a limit of its own', async t => {
  const fastify = await ready(t, {
    options: { bodyLimit: LIMIT },
    after: fastify => fastify.next('/api-route/echo', { method: 'POST', bodyLimit: 10 })
  })
  const send = (length: number) =>
    fastify.inject({ method: 'POST', url: '/api-route/echo', payload: 'x'.repeat(length) })
  t.equal((await send(10)).statusCode, 200)
  t.equal((await send(11)).statusCode, 413)
})

t.test('who reads a body that is too long is told that there is no more', async t => {
  const closed = event('the close of the request')
  const fastify = await ready(t, { options: { bodyLimit: LIMIT } })
  fastify.nextApp.getRequestHandler = () => async request => {
    request.on('error', () => {}).once('close', closed.happen)
    request.resume()
  }
  const url = await fastify.listen({ host: '127.0.0.1', port: 0 })
  const answer = await exchange(Number(new URL(url).port), post('/', 'x'.repeat(2 * LIMIT), true))
  t.match(answer, /^HTTP\/1\.1 413 /)
  await closed.happened
})
