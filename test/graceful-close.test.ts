import { once } from 'node:events'
import type { Socket } from 'node:net'
import Fastify, { type FastifyInstance } from 'fastify'
import t from 'tap'
import { fastifyNext } from '../src/index.js'
import { closeSoon, connection, get, isRefused, refused, until } from './helpers/connection.js'
import { builtFixture } from './helpers/fixture.js'
import { gate } from './helpers/globals.js'
import { serve } from './helpers/serve.js'

const OK = /^HTTP\/1\.1 200 OK\r\n/
const KEEPS = /^connection: keep-alive\r\n/im
const CLOSES = /^connection: close\r\n/im

const setup = {
  server: { forceCloseConnections: false },
  after(fastify: FastifyInstance) {
    fastify.get('/own', async () => 'own')
  }
}

/** Far longer than what an idle connection is given. */
function blockEventLoop(): void {
  const end = Date.now() + 400
  while (Date.now() < end);
}

for (const isBusy of [false, true]) {
  const name = isBusy ? ', while the process is busy' : ''
  t.test(`a request sent right after close() on an idle connection${name}`, async t => {
    const { fastify, port } = await serve(t, setup)
    const idle = await Promise.all(
      ['/dynamic', '/own', '/hello.txt', '/nowhere'].map(async path => {
        const { send, answer, closed } = await connection(t, port)
        send(get(path))
        const first = await answer()
        t.match(first, KEEPS)
        return { path, send, closed, status: first.slice(0, 12) }
      })
    )
    const ended = closeSoon(fastify)
    for (const { path, send } of idle) send(get(path))
    if (isBusy) blockEventLoop()
    for (const { path, closed, status } of idle) {
      const last = await closed
      t.equal(last.slice(0, 12), status, path)
      t.match(last, CLOSES, path)
    }
    await ended
    t.ok(await isRefused(port))
  })
}

t.test('what is in flight is answered, and says that the connection closes', async t => {
  const route = gate(t, 'slowRoute')
  const { fastify, port } = await serve(t, {
    ...setup,
    after(fastify) {
      fastify.get('/own/slow', async () => {
        await route.opened
        return 'own'
      })
    }
  })
  const slow = await Promise.all([connection(t, port), connection(t, port)])
  slow[0].send(get('/own/slow'))
  slow[1].send(get('/api-route/slow'))
  await route.entered
  const ended = closeSoon(fastify)
  await refused(port)
  route.open()
  for (const { closed } of slow) {
    const answer = await closed
    t.match(answer, OK)
    t.match(answer, CLOSES)
  }
  await ended
})

t.test('a request of which half the body has come is answered', async t => {
  const { fastify, port } = await serve(t, setup)
  const [accepted, upload] = await Promise.all([
    once(fastify.server, 'request'),
    connection(t, port).then(upload => {
      const head = 'POST /api-route/echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 8\r\n\r\n'
      upload.send(`${head}half`)
      return upload
    })
  ])
  t.equal(accepted[0].url, '/api-route/echo')
  const ended = closeSoon(fastify)
  await refused(port)
  upload.send('rest')
  const answer = await upload.closed
  t.match(answer, OK)
  t.match(answer, /"length":8/)
  t.match(answer, CLOSES)
  await ended
})

t.test('of requests in a row all are answered, and the last one ends the connection', async t => {
  const route = gate(t, 'slowRoute')
  const { fastify, port } = await serve(t, setup)
  const before = await connection(t, port)
  const after = await connection(t, port)
  // The last one waits, too: a head that is written before the close says "keep-alive".
  before.send(get('/api-route/slow') + get('/own') + get('/api-route/slow'))
  after.send(get('/api-route/slow'))
  await until('the slow requests', () => route.entries() === 3)
  const ended = closeSoon(fastify)
  const seen = once(fastify.server, 'request')
  after.send(get('/own') + get('/dynamic?q=third'))
  await seen
  route.open()
  for (const [{ answer, closed }, last] of [
    [before, /at last$/],
    [after, /third/]
  ] as const) {
    const [first, second, third] = [await answer(), await answer(), await closed]
    for (const text of [first, second, third]) t.match(text, OK)
    t.match(first, /at last$/)
    t.match(second, /own$/)
    t.match(third, last)
    t.notMatch(first, CLOSES)
    t.notMatch(second, CLOSES)
    t.match(third, CLOSES)
  }
  await ended
})

t.test('a request of which part of the head has come is answered', async t => {
  const { fastify, port } = await serve(t, setup)
  const idle = await connection(t, port)
  idle.send(get('/own'))
  await idle.answer()

  const partial: Awaited<ReturnType<typeof connection>>[] = []
  for (const { path, isReused } of [
    { path: '/dynamic', isReused: false },
    { path: '/own', isReused: false },
    { path: '/dynamic', isReused: true }
  ]) {
    const accepted = once(fastify.server, 'connection') as Promise<Socket[]>
    const client = await connection(t, port)
    const [socket] = await accepted
    if (isReused) {
      client.send(get(path))
      await client.answer()
    }
    const before = Number(socket?.bytesRead)
    client.send(`GET ${path} HTTP/1.1\r\nHo`)
    await until('part of a head', () => Number(socket?.bytesRead) > before)
    partial.push(client)
  }
  const ended = closeSoon(fastify)
  t.equal(await idle.closed, '')
  for (const { send } of partial) send('st: localhost\r\n\r\n')
  for (const { closed } of partial) {
    const answer = await closed
    t.match(answer, OK)
    t.match(answer, CLOSES)
  }
  await ended
})

t.test('nothing waits for connections without a request', async t => {
  const { fastify, port } = await serve(t, setup)
  const accepted = once(fastify.server, 'connection')
  const silent = await connection(t, port)
  await accepted
  const idle = await connection(t, port)
  idle.send(get('/dynamic'))
  t.match(await idle.answer(), KEEPS)
  const ended = closeSoon(fastify)
  t.equal(await silent.closed, '')
  t.equal(await idle.closed, '')
  await ended
})

t.test('drainDelay', async t => {
  const route = gate(t, 'slowRoute')
  const { fastify, port } = await serve(t, {
    options: { drainDelay: 2_000 },
    server: { forceCloseConnections: false },
    after(fastify) {
      t.equal(fastify.nextReady, false)
      fastify.get('/health', (_request, reply) =>
        reply.code(fastify.nextReady ? 200 : 503).send({ ready: fastify.nextReady })
      )
    }
  })
  const old = await connection(t, port)
  old.send(get('/health'))
  t.match(await old.answer(), OK)

  const ended = closeSoon(fastify)
  t.equal(fastify.nextReady, false)
  const fresh = await connection(t, port)
  for (const { send, answer } of [old, fresh]) {
    send(get('/health'))
    const health = await answer()
    t.match(health, /^HTTP\/1\.1 503 .*\{"ready":false\}$/s)
    t.match(health, KEEPS)
    send(get('/dynamic'))
    const page = await answer()
    t.match(page, OK)
    t.match(page, KEEPS)
  }
  fresh.send(get('/api-route/slow'))
  await route.entered

  await until('the end of listening', () => !fastify.server.listening)
  old.send(get('/dynamic'))
  t.ok(await isRefused(port))
  const last = await old.closed
  t.match(last, OK)
  t.match(last, CLOSES)
  route.open()
  const slow = await fresh.closed
  t.match(slow, OK)
  t.match(slow, CLOSES)
  await ended
  t.equal(fastify.nextReady, false)
})

t.test('close() puts back what it has changed', async t => {
  const fastify = Fastify({ forceCloseConnections: false })
  const { close, server } = fastify
  const listeners = () => server.eventNames().map(name => [name, server.listeners(name)])
  const before = listeners()
  await fastify.register(fastifyNext, { dir: await builtFixture('app'), dev: false })
  t.not(fastify.close, close)
  t.ok(Object.hasOwn(fastify, 'close'))
  await fastify.listen({ host: '127.0.0.1', port: 0 })
  await fastify.close()
  t.equal(fastify.close, close)
  t.ok(Object.hasOwn(fastify, 'close'))
  t.notOk(Object.hasOwn(server, 'closeIdleConnections'))
  t.strictSame(listeners(), before)
})
