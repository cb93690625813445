import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import Fastify, { type FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import { fastifyNext } from '../src/index.js'
import { closeSoon, connection, get, isRefused, refused, until } from './helpers/connection.js'
import { event } from './helpers/event.js'
import { builtFixture } from './helpers/fixture.js'
import { gate } from './helpers/globals.js'
import { buildPlugin, repositoryPath, startServer } from './helpers/process.js'
import { ready, serve } from './helpers/serve.js'

const OK = /^HTTP\/1\.1 200 OK\r\n/
const CLOSES = /^connection: close\r\n/im
const server = { forceCloseConnections: false }

type Close = (fastify: FastifyInstance, controller: AbortController) => PromiseLike<unknown>

/** Each resolves when the server has closed. */
const WAYS: Record<string, Close> = {
  'close()': fastify => fastify.close(),
  'close() with a callback': fastify => new Promise<void>(resolve => fastify.close(resolve)),
  'close() with null': fastify => (fastify.close as (callback: null) => Promise<void>)(null),
  'close() twice': fastify => Promise.all([fastify.close(), fastify.close()]),
  'close() with and without a callback': async fastify => {
    const called = new Promise<void>(resolve => fastify.close(resolve))
    await Promise.all([fastify.close(), called])
  },
  'close() of a scope': fastify => scopeOf(fastify).close(),
  'Symbol.asyncDispose': fastify => fastify[Symbol.asyncDispose](),
  'the signal of listen()': (fastify, controller) => {
    const closed = event('onClose')
    onClose.set(fastify, () => closed.happen())
    controller.abort()
    return closed.happened
  }
}

const scopes = new WeakMap<FastifyInstance, FastifyInstance>()
const onClose = new WeakMap<FastifyInstance, () => void>()
const scopeOf = (fastify: FastifyInstance) => scopes.get(fastify) as FastifyInstance

for (const [name, close] of Object.entries(WAYS)) {
  t.test(`${name} loses no request`, async t => {
    const route = gate(t, 'slowRoute')
    const controller = new AbortController()
    const fastify = Fastify(server)
    t.teardown(() => fastify.close())
    // Of the hooks of an instance the first one runs last.
    fastify.addHook('onClose', async () => onClose.get(fastify)?.())
    await fastify.register(fastifyNext, { dir: await builtFixture('app'), dev: false })
    fastify.register(async scope => void scopes.set(fastify, scope))
    await fastify.listen({ host: '127.0.0.1', port: 0, signal: controller.signal })
    const { port } = fastify.server.address() as AddressInfo
    const [slow, idle] = [await connection(t, port), await connection(t, port)]
    slow.send(get('/api-route/slow'))
    idle.send(get('/static'))
    await Promise.all([route.entered, idle.answer()])

    const ended = closeSoon({ close: () => close(fastify, controller) })
    t.equal(fastify.nextReady, false)
    idle.send(get('/dynamic'))
    t.match(await idle.closed, OK)
    t.ok(await isRefused(port))
    route.open()
    t.match(await slow.closed, CLOSES)
    await ended
  })
}

t.test('close() answers like that of Fastify', async t => {
  const plain = Fastify()
  const { fastify, port } = await serve(t, { server })
  const wrong = 'no function' as unknown as () => void
  t.throws(() => fastify.close(wrong), { code: 'AVV_ERR_CALLBACK_NOT_FN' })
  t.throws(() => plain.close(wrong), { code: 'AVV_ERR_CALLBACK_NOT_FN' })
  t.equal(fastify.nextReady, true)
  const client = await connection(t, port)
  client.send(get('/dynamic'))
  t.match(await client.answer(), OK)

  for (const instance of [fastify, plain]) {
    const called = event<unknown[]>('the callback')
    const returned = instance.close((...parameters: unknown[]) => called.happen(parameters))
    t.equal(returned, instance)
    t.strictSame(await called.happened, [])
    t.equal(await instance.close(), undefined)
  }
})

/** Starts a process, and sends it SIGTERM with a request in flight and another in part. */
async function terminate(t: Test, script: string, args: string[]) {
  await buildPlugin()
  const ready = /Server listening at (http:[\w.:/]+)/
  const env = { APP_DIR: await builtFixture('app'), PORT: '0' }
  const child = await startServer(t, script, ready, { args, env })
  const port = Number(new URL(child.url).port)
  const slow = await connection(t, port)
  const partial = await connection(t, port)
  const idle = await connection(t, port)
  partial.send('GET /open HTTP/1.1\r\n')
  idle.send(get('/static'))
  t.match(await idle.answer(), OK)
  slow.send(get('/api-route/slow'))
  await until('the slow request', () => child.output().includes('In flight'))

  const stopped = child.stop('SIGTERM')
  await refused(port)
  t.equal(await idle.closed, '')
  partial.send('Host: localhost\r\n\r\n')
  for (const { closed } of [partial, slow]) {
    const answer = await closed
    t.match(answer, OK)
    t.match(answer, CLOSES)
  }
  t.strictSame(await stopped, { code: 0, signal: null })
}

for (const way of ['close-with-grace', 'signal', 'dispose']) {
  t.test(`a process that ends by ${way} loses no request`, async t => {
    await terminate(t, repositoryPath('test', 'processes', 'closing-ways.mjs'), [way])
  })
}

t.test('fastify start loses no request', async t => {
  const cli = repositoryPath('node_modules', 'fastify-cli', 'cli.js')
  const app = repositoryPath('test', 'processes', 'gated-app.mjs')
  const args = ['--log-level', 'info', '--address', '127.0.0.1', '--close-grace-delay', '9000']
  await terminate(t, cli, ['start', ...args, app])
})

t.test('forceCloseConnections cuts, but not before drainDelay is over', async t => {
  const route = gate(t, 'slowRoute')
  const { fastify, port } = await serve(t, {
    options: { drainDelay: 1_000 },
    server: { forceCloseConnections: true }
  })
  const [slow, idle] = [await connection(t, port), await connection(t, port)]
  slow.send(get('/api-route/slow'))
  await route.entered
  const ended = closeSoon(fastify)
  idle.send(get('/dynamic'))
  t.match(await idle.answer(), OK)
  t.equal(await slow.closed, '')
  t.equal(await idle.closed, '')
  await ended
  route.open()
})

for (const delays of [
  [0, 1_000],
  [1_000, 0]
]) {
  t.test(`of drainDelays of ${delays.join(' and ')} ms the longer one counts`, async t => {
    const fastify: FastifyInstance = Fastify(server)
    t.teardown(() => fastify.close())
    const scopes: FastifyInstance[] = []
    for (const [index, fixture] of ['twin-one', 'twin-based'].entries()) {
      const dir = await builtFixture(fixture)
      await fastify.register(async scope => {
        await scope.register(fastifyNext, { dir, dev: false, drainDelay: delays[index] })
        scopes.push(scope)
      })
    }
    await fastify.listen({ host: '127.0.0.1', port: 0 })
    const { port } = fastify.server.address() as AddressInfo
    const { close } = fastify
    const ended = closeSoon(fastify)
    for (const scope of scopes) t.equal(scope.nextReady, false)
    for (const path of ['/', '/based']) {
      const client = await connection(t, port)
      client.send(get(path))
      t.match(await client.answer(), OK)
    }
    await refused(port)
    await ended
    t.not(fastify.close, close)
  })
}

t.test('a server that Fastify does not listen on is left as it is', async t => {
  let handle: Parameters<typeof createServer>[1] = () => {}
  const foreign = createServer((request, response) => {
    if (request.url === '/foreign') response.end('foreign')
    else handle?.(request, response)
  })
  t.teardown(() => {
    foreign.closeAllConnections()
    foreign.close()
  })
  foreign.listen(0, '127.0.0.1')
  await once(foreign, 'listening')
  const { port } = foreign.address() as AddressInfo
  const { close, closeIdleConnections } = foreign
  const fastify = Fastify({
    serverFactory(handler) {
      handle = handler
      return foreign
    }
  })
  await fastify.register(fastifyNext, { dir: await builtFixture('app'), dev: false })
  await fastify.ready()
  const client = await connection(t, port)
  client.send(get('/dynamic'))
  t.match(await client.answer(), OK)
  await closeSoon(fastify)
  t.ok(foreign.listening)
  client.send(get('/foreign'))
  const answer = await client.answer()
  t.match(answer, /foreign$/)
  t.notMatch(answer, CLOSES)
  t.equal(foreign.close, close)
  t.equal(foreign.closeIdleConnections, closeIdleConnections)
})

t.test('at the signal of listen() drainDelay counts, too', async t => {
  const controller = new AbortController()
  const fastify = await ready(t, { server, options: { drainDelay: 1_000 } })
  await fastify.listen({ host: '127.0.0.1', port: 0, signal: controller.signal })
  const { port } = fastify.server.address() as AddressInfo
  controller.abort()
  t.equal(fastify.nextReady, false)
  const client = await connection(t, port)
  client.send(get('/dynamic'))
  t.match(await client.answer(), OK)
  await refused(port)
  await closeSoon(fastify)
})

t.test('an instance that never listens closes at once', async t => {
  const fastify = Fastify()
  await fastify.register(fastifyNext, {
    dir: await builtFixture('app'),
    drainDelay: 60_000,
    dev: false
  })
  t.equal((await fastify.inject('/dynamic')).statusCode, 200)
  await closeSoon(fastify)
})
