import { once } from 'node:events'
import { get as ask } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import v8 from 'node:v8'
import { runInNewContext } from 'node:vm'
import Fastify, { type FastifyInstance, type FastifyReply } from 'fastify'
import t from 'tap'
import { fastifyNext } from '../src/index.js'
import { connection, get, until } from './helpers/connection.js'
import { event } from './helpers/event.js'
import { builtFixture } from './helpers/fixture.js'
import { twoAddressesOfLocalhost } from './helpers/localhost.js'
import { serve } from './helpers/serve.js'

const OK = /^HTTP\/1\.1 200 OK\r\n/
const server = { forceCloseConnections: false } as const

function portOf({ server }: FastifyInstance): number {
  return (server.address() as AddressInfo).port
}

t.test('a second server of localhost is served as the first, which has no connection', async t => {
  twoAddressesOfLocalhost(t)
  const own = event<() => void>('the request of a route of Fastify')
  const fastify = Fastify(server)
  t.teardown(() => fastify.close())
  await fastify.register(fastifyNext, { dir: await builtFixture('app'), dev: false })
  fastify.get('/own', async () => 'own')
  fastify.get('/own/slow', () => new Promise(resolve => own.happen(() => resolve('slow'))))
  await fastify.listen({ host: 'localhost', port: 0 })
  const port = portOf(fastify)
  const [slow, idle] = [
    await connection(t, port, { host: '::1' }),
    await connection(t, port, { host: '::1' })
  ]
  idle.send(get('/own'))
  await idle.answer()
  slow.send(get('/own/slow'))
  const finish = await own.happened
  let isClosed = false
  const closed = fastify.close().then(() => {
    isClosed = true
  })
  // When nothing is accepted any more, what is open is served still.
  await until('the end of listening', () => !fastify.server.listening)
  const hasClosed = once(fastify.server, 'close')
  idle.send(get('/own'))
  t.match(await idle.closed, OK)
  await hasClosed
  // All that comes next but for the answer has time to come.
  for (let turn = 0; turn < 200; turn++) await nextTurn()
  t.notOk(isClosed, 'close() waits for the slow answer')
  finish()
  t.match(await slow.closed, OK)
  await closed
})

t.test('and cut as it is, at closeTimeout', async t => {
  twoAddressesOfLocalhost(t)
  const fastify = Fastify(server)
  const dir = await builtFixture('app')
  await fastify.register(fastifyNext, { dir, dev: false, closeTimeout: 200 })
  fastify.get('/endless', (_request, reply) => {
    reply.hijack()
    reply.raw.writeHead(200).write('begun')
  })
  await fastify.listen({ host: 'localhost', port: 0 })
  const { send, until: received, closed } = await connection(t, portOf(fastify), { host: '::1' })
  send(get('/endless'))
  await received(/begun/)
  await fastify.close()
  await closed
})

t.test('the server says that it is closed once, and after preClose', async t => {
  const fastify = Fastify(server)
  await fastify.register(fastifyNext, { dir: await builtFixture('app'), dev: false })
  const said: string[] = []
  const url = () => `http://127.0.0.1:${portOf(fastify)}/static`
  fastify.server.on('close', () => said.push('close'))
  fastify.addHook('preClose', async () => void said.push('preClose'))
  await fastify.listen({ host: '127.0.0.1', port: 0 })
  const [response] = await once(ask(url(), { agent: false }), 'response')
  await once(response.resume(), 'end')
  await fastify.close()
  t.strictSame(said, ['preClose', 'close'])
})

t.test(
  'a hook of onListen that takes its time does not keep requests from being served',
  async t => {
    const held = event<() => void>('the hook')
    const fastify = Fastify(server)
    fastify.addHook('onListen', done => held.happen(done))
    const dir = await builtFixture('app')
    await fastify.register(fastifyNext, { dir, dev: false })
    await fastify.listen({ host: '127.0.0.1', port: 0 })
    const finish = await held.happened
    const idle = await connection(t, portOf(fastify))
    idle.send(get('/static'))
    await idle.answer()
    const closed = fastify.close()
    idle.send(get('/static'))
    t.match(await idle.closed, OK)
    await closed
    finish()
  }
)

t.test('a scope that has a close() of its own is not taken for the root', async t => {
  const fastify = Fastify(server)
  const dir = await builtFixture('app')
  fastify.register(async scope => {
    scope.close = (() => fastify.close()) as FastifyInstance['close']
    await scope.register(fastifyNext, { dir, dev: false })
  })
  await fastify.listen({ host: '127.0.0.1', port: 0 })
  const idle = await connection(t, portOf(fastify))
  idle.send(get('/static'))
  await idle.answer()
  const closed = fastify.close()
  idle.send(get('/static'))
  t.match(await idle.closed, OK)
  await closed
})

t.test('a registration that fails, and is handled, leaves nothing behind', async t => {
  const fastify = Fastify(server)
  fastify.decorate('nextReady', true)
  const listeners = (): number[] =>
    ['request', 'connection', 'session', 'close'].map(name => fastify.server.listenerCount(name))
  const before = listeners()
  const { close } = fastify
  const failed = event<Error | null>('the failure')
  fastify
    .register(fastifyNext, { dir: await builtFixture('app'), dev: false })
    .after(error => failed.happen(error))
  await fastify.listen({ host: '127.0.0.1', port: 0 })
  t.match(await failed.happened, { code: 'FST_ERR_DEC_ALREADY_PRESENT' })
  t.strictSame(listeners(), before)
  t.notOk(Object.hasOwn(fastify.server, 'closeIdleConnections'))
  t.equal(fastify.close, close)
  await fastify.close()
})

t.test('an idle connection does not keep the reply that it has had', async t => {
  const replies: WeakRef<FastifyReply>[] = []
  const { port } = await serve(t, {
    server,
    before(fastify) {
      fastify.addHook('onRequest', async (_request, reply) => void replies.push(new WeakRef(reply)))
    }
  })
  const sockets = await Promise.all(
    Array.from({ length: 5 }, async () => {
      const socket = connect(port, '127.0.0.1')
      socket.write(get('/static'))
      await once(socket, 'data')
      return socket
    })
  )
  v8.setFlagsFromString('--expose-gc')
  const collect: () => void = runInNewContext('gc')
  // Node itself keeps the last one for a moment.
  await until('the end of all replies', () => {
    collect()
    return replies.every(reply => reply.deref() === undefined)
  })
  for (const socket of sockets) socket.destroy()
  t.equal(replies.length, 5)
})
