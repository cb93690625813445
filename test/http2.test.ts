import { once } from 'node:events'
import { type ClientHttp2Session, connect, constants } from 'node:http2'
import type { AddressInfo } from 'node:net'
import Fastify from 'fastify'
import t from 'tap'
import { fastifyNext } from '../src/index.js'
import { event } from './helpers/event.js'
import { builtFixture } from './helpers/fixture.js'
import { setGlobal } from './helpers/globals.js'

async function ask(session: ClientHttp2Session, headers: Record<string, string>, body?: string) {
  const stream = session.request(headers, { endStream: body === undefined })
  stream.setTimeout(10_000, () => stream.destroy(new Error('No answer')))
  if (body !== undefined) stream.end(body)
  const [head] = await once(stream, 'response')
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk)
  return { head, body: Buffer.concat(chunks) }
}

t.test('HTTP/2', async t => {
  const fastify = Fastify({ http2: true })
  await fastify.register(fastifyNext, { dir: await builtFixture('app'), dev: false })
  fastify.get('/own/page', (_request, reply) => reply.nextRender('/dynamic'))
  fastify.get('/own/missing', (_request, reply) => reply.nextNotFound())
  fastify.get('/own/error', (_request, reply) => reply.nextRenderError(new Error('a secret')))
  await fastify.listen({ host: '127.0.0.1', port: 0 })
  const { port } = fastify.server.address() as AddressInfo
  const session = connect(`http://127.0.0.1:${port}`)

  for (const path of [
    '/static',
    '/dynamic',
    '/stream',
    '/api-route/json',
    '/legacy',
    '/hello.txt'
  ]) {
    for (const encoding of ['identity', 'gzip']) {
      const headers = { ':path': path, 'accept-encoding': encoding }
      const { head, body } = await ask(session, headers)
      t.equal(head[':status'], 200, path)
      t.ok(body.length > 0, path)
      const { head: same, body: empty } = await ask(session, { ...headers, ':method': 'HEAD' })
      t.equal(same[':status'], 200, path)
      t.equal(empty.length, 0, path)
    }
  }
  const { body } = await ask(
    session,
    { ':method': 'POST', ':path': '/api-route/echo', 'content-type': 'application/json' },
    '{"a":1}'
  )
  t.match(JSON.parse(String(body)), { method: 'POST', type: 'application/json', length: 7 })
  t.equal((await ask(session, { ':path': '/nowhere' })).head[':status'], 404)
  for (const [path, status, text] of [
    ['/own/page?q=own', 200, 'own'],
    ['/own/missing', 404, 'This page could not be found'],
    ['/own/error', 500, 'This page couldn’t load']
  ] as const) {
    const { head, body } = await ask(session, { ':path': path })
    t.equal(head[':status'], status, path)
    t.match(String(body), text)
  }

  const closed = once(session, 'close')
  await fastify.close()
  await closed
})

t.test('an HTTP/2 client that leaves while a hook runs', async t => {
  const left = event('the client')
  const hooked = event('the hook')
  const fastify = Fastify({ http2: true })
  t.teardown(() => fastify.close())
  fastify.addHook('preHandler', async ({ raw }) => {
    raw.stream.once('close', () => left.happen())
    hooked.happen()
    await left.happened
  })
  await fastify.register(fastifyNext, { dir: await builtFixture('app'), dev: false })
  let asked = false
  setGlobal(t, 'slowRoute', () => {
    asked = true
  })
  await fastify.listen({ host: '127.0.0.1', port: 0 })
  const { port } = fastify.server.address() as AddressInfo
  const session = connect(`http://127.0.0.1:${port}`)
  t.teardown(() => session.destroy())
  const stream = session.request({ ':path': '/api-route/slow' })
  stream.on('error', () => {})
  await hooked.happened
  stream.close(constants.NGHTTP2_CANCEL)
  await left.happened
  await fastify.close()
  t.notOk(asked, 'Next is not asked for nobody')
})

t.test('an answer that is cut is an error to an HTTP/2 client', async t => {
  const fastify = Fastify({ http2: true })
  t.teardown(() => fastify.close())
  await fastify.register(fastifyNext, { dir: await builtFixture('app'), dev: false })
  await fastify.listen({ host: '127.0.0.1', port: 0 })
  fastify.nextApp.getRequestHandler = () => async (request, response) => {
    if (request.url === '/with-a-beginning') response.write('a beginning')
    response.destroy(new Error('secret'))
  }
  const { port } = fastify.server.address() as AddressInfo
  const session = connect(`http://127.0.0.1:${port}`)
  t.teardown(() => session.destroy())
  for (const path of ['/with-a-beginning', '/without']) {
    const stream = session.request({ ':path': path })
    stream.setTimeout(5_000, () => stream.destroy(new Error('The stream is not cut')))
    await t.rejects(
      async () => {
        for await (const _ of stream);
      },
      { code: 'ERR_HTTP2_STREAM_ERROR' }
    )
  }
})
