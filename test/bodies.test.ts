import { createHash } from 'node:crypto'
import { request } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import t from 'tap'
import { setGlobal } from './helpers/globals.js'
import { ready, serve } from './helpers/serve.js'
import { exchange } from './helpers/wire.js'

const MEBIBYTE = 1024 * 1024

function hashOf(body: string | Uint8Array): string {
  return createHash('sha256').update(body).digest('hex')
}

t.test('a body reaches Next unread, whatever its type', async t => {
  const { port } = await serve(t)
  const form = '--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--b--\r\n'
  const cases: [type: string | undefined, body: string][] = [
    ['application/json', '{"a":1}'],
    ['application/json', 'not json'],
    ['application/json', ''],
    ['application/x-www-form-urlencoded', 'a=1&b=2'],
    ['multipart/form-data; boundary=b', form],
    ['text/plain', 'text'],
    ['application/octet-stream', '\u0000\u0001'],
    ['application/vnd.unknown+zip', 'anything'],
    [';;;', 'an invalid type'],
    ['text', 'half a type'],
    [undefined, 'no type'],
    [undefined, '']
  ]
  for (const [type, body] of cases) {
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
      for (const chunked of [false, true]) {
        const name = `${method} ${type} ${JSON.stringify(body)}${chunked ? ' chunked' : ''}`
        const head = [
          `${method} /api-route/echo HTTP/1.1`,
          'Host: localhost',
          'Connection: close',
          chunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${body.length}`
        ]
        if (type !== undefined) head.push(`Content-Type: ${type}`)
        const pieces = body === '' ? '' : `${body.length.toString(16)}\r\n${body}\r\n`
        const answer = await exchange(
          port,
          `${head.join('\r\n')}\r\n\r\n${chunked ? `${pieces}0\r\n\r\n` : body}`
        )
        const expected = { method, type: type ?? null, length: body.length, hash: hashOf(body) }
        t.match(answer, /^HTTP\/1\.1 200 OK\r\n/, name)
        t.match(answer, JSON.stringify(expected), name)
      }
    }
  }
})

t.test('hooks see the content type, valid or not', async t => {
  const types: unknown[] = []
  const { port } = await serve(t, {
    before(fastify) {
      fastify.addHook('preParsing', async ({ headers }) => void types.push(headers['content-type']))
      fastify.addHook('onSend', async ({ headers }, _reply, payload) => {
        types.push(headers['content-type'])
        return payload
      })
    }
  })
  const head = 'POST /api-route/echo HTTP/1.1\r\nHost: localhost\r\nConnection: close'
  for (const type of ['text/plain', ';;;']) {
    types.length = 0
    await exchange(port, `${head}\r\nContent-Type: ${type}\r\nContent-Length: 1\r\n\r\nx`)
    t.strictSame(types, [type, type])
  }
})

t.test("the parsers of the user's own routes are left as they were", async t => {
  const fastify = await ready(t, {
    before: fastify =>
      fastify.addContentTypeParser('text/own', { parseAs: 'string' }, (_request, body, done) =>
        done(null, `parsed ${body}`)
      ),
    after: fastify => fastify.post('/own', async request => ({ body: request.body }))
  })
  const post = (type: string, payload: string) =>
    fastify.inject({ method: 'POST', url: '/own', headers: { 'content-type': type }, payload })
  t.strictSame((await post('text/own', 'x')).json(), { body: 'parsed x' })
  t.strictSame((await post('application/json', '{"a":1}')).json(), { body: { a: 1 } })
  t.equal((await post('text/unknown', 'x')).statusCode, 415)
})

t.test('100 MB are not held in memory', async t => {
  const { port } = await serve(t)
  const chunk = Buffer.alloc(MEBIBYTE, 'x')
  const hash = createHash('sha256')
  let sent = 0
  let ahead = 0
  setGlobal(t, 'uploaded', (received: number) => {
    ahead = Math.max(ahead, sent - received)
  })
  function* upload() {
    for (let count = 0; count < 100; count++) {
      hash.update(chunk)
      sent += chunk.length
      yield chunk
    }
  }
  const outgoing = request({ port, host: '127.0.0.1', path: '/api/upload', method: 'POST' })
  const answered = new Promise<string>((resolve, reject) => {
    outgoing.on('error', reject)
    outgoing.on('response', async response => {
      let text = ''
      for await (const part of response) text += part
      resolve(text)
    })
  })
  await pipeline(Readable.from(upload()), outgoing)
  t.strictSame(JSON.parse(await answered), { length: 100 * MEBIBYTE, hash: hash.digest('hex') })
  t.ok(ahead < 16 * MEBIBYTE, `${ahead} bytes were on their way`)
})
