import Fastify, { type FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import { type FastifyNextOptions, fastifyNext } from '../src/index.js'
import { createNextServer } from '../src/next/server.js'
import { resolveOptions } from '../src/options.js'
import { callAction } from './helpers/action.js'
import { answered } from './helpers/answered.js'
import { event } from './helpers/event.js'
import { builtFixture } from './helpers/fixture.js'
import { gate, setGlobal } from './helpers/globals.js'

async function register(
  t: Test,
  options?: FastifyNextOptions,
  fastify: FastifyInstance = Fastify({ forceCloseConnections: true })
) {
  t.teardown(() => fastify.close())
  await fastify.register(fastifyNext, { dir: await builtFixture('app'), dev: false, ...options })
  return fastify
}

async function listen(fastify: FastifyInstance): Promise<string> {
  const url = await fastify.listen({ host: '127.0.0.1', port: 0 })
  return url
}

const serverOf = (fastify: FastifyInstance) =>
  (fastify.nextApp as { server?: { server?: object } }).server?.server

t.test('two instances share one app, which the last one closes', async t => {
  const first = await register(t)
  const second = await register(t)
  await listen(first)
  const { init } = first.nextApp as { init?: object }
  const url = await listen(second)
  t.equal((second.nextApp as { init?: object }).init, init, 'it is prepared once')
  t.ok(serverOf(first))
  t.equal(serverOf(first), serverOf(second))
  let closes = 0
  const server = serverOf(first) as { close(): Promise<void> }
  const close = server.close
  server.close = () => {
    closes++
    return close.call(server)
  }
  t.teardown(() => Reflect.deleteProperty(server, 'close'))

  await first.close()
  await first.close()
  t.equal(closes, 0)
  for (const path of ['/', '/isr', '/dynamic', '/legacy', '/api-route/json']) {
    t.equal((await answered(url + path)).status, 200, path)
  }

  const after = event('after()')
  setGlobal(t, 'afterResponse', after.happen)
  t.equal((await answered(`${url}/after`)).status, 200)
  await after.happened

  await second.close()
  t.equal(closes, 1)
})

t.test('Next asks the server of a user that is left', async t => {
  const dir = await builtFixture('plain')
  const first = await register(t, { dir })
  const second = await register(t, { dir })
  const urls = [await listen(first), await listen(second)] as const
  const address = async (url: string) => (await answered(url)).headers.get('x-proxy-url')
  const [, port = ''] = urls[0].match(/:(\d+)$/) ?? []
  t.match(await address(urls[1]), `:${port}/`)
  await first.close()
  const [, portLeft = ''] = urls[1].match(/:(\d+)$/) ?? []
  t.match(await address(urls[1]), `:${portLeft}/`)
  const action = await callAction(`${urls[1]}/action`)
  t.match(action.headers.get('x-action-redirect'), /^\/target/)
  t.match(await action.text(), /target/)
})

t.test('two scopes of one instance share one app', async t => {
  const fastify = Fastify()
  for (const path of ['/first', '/second']) {
    await fastify.register(async scope => {
      await register(t, {}, scope)
      scope.get(path, (_request, reply) => reply.nextRender('/static'))
    })
  }
  const url = await listen(fastify)
  for (const path of ['/first', '/second', '/static']) {
    t.equal((await answered(url + path)).status, 200, path)
  }
})

t.test('an instance that begins while the other one closes waits for it', async t => {
  const first = await register(t, { conf: { poweredByHeader: false } })
  await listen(first)
  const held = gate(t, 'hold')
  const server = serverOf(first) as { close(): Promise<void> }
  const close = server.close
  const steps: string[] = []
  server.close = async () => {
    await Reflect.get(globalThis, 'hold')()
    await close.call(server)
    steps.push('closed')
  }
  t.teardown(() => Reflect.deleteProperty(server, 'close'))
  const closing = first.close()
  await held.entered
  const registering = register(t).then(second => {
    steps.push('registered')
    return second
  })
  // Longer than a registration takes that does not wait.
  await register(t, { dir: await builtFixture('plain') })
  held.open()
  const url = await listen(await registering)
  await closing
  t.strictSame(steps, ['closed', 'registered'])
  t.equal((await answered(`${url}/static`)).headers.get('x-powered-by'), 'Next.js')
})

t.test('a user that closes twice closes once', async t => {
  const dir = await builtFixture('plain')
  const create = () =>
    createNextServer(resolveOptions({ dir, dev: false }), () => 0, { warn() {} } as never)
  const [first, second] = [await create(), await create()]
  await first.close()
  await first.close()
  await t.rejects(
    create()
      .then(third => third.close())
      .then(() => register(t, { dir, dev: true }))
  )
  await second.close()
  await t.resolves(register(t, { dir, dev: true }))
  await second.close()
  await t.rejects(register(t, { dir, dev: true }), { code: 'FST_NEXT_DIR_IN_USE' })
})

t.test('options that an app has one value of have to be the same', async t => {
  const first = await register(t, { conf: { images: { qualities: [10] } } })
  for (const [names, options] of [
    ['conf', {}],
    ['conf', { conf: { images: { qualities: [20] } } }],
    ['conf, hostname', { hostname: 'app.example' }],
    ['conf, port', { port: 3000 }]
  ] as const) {
    await t.rejects(register(t, options), { code: 'FST_NEXT_OPTIONS_DIFFER', message: names })
  }
  const conf = { images: { qualities: [10] } }
  await t.resolves(register(t, { conf, closeTimeout: 1 }))
  await first.ready()
})

t.test('a port that one user has set is that of all', async t => {
  const dir = await builtFixture('plain')
  await register(t, { dir, port: 3000 })
  const refused = { code: 'FST_NEXT_OPTIONS_DIFFER', message: 'port' }
  await t.rejects(register(t, { dir, port: 4000 }), refused)
  await t.resolves(register(t, { dir, port: 3000 }))
  const url = await listen(await register(t, { dir }))
  t.match((await answered(url)).headers.get('x-proxy-url'), ':3000/')
})

t.test('the conf of an app that is closed binds nobody', async t => {
  const first = await register(t, { conf: { poweredByHeader: false } })
  await first.close()
  const url = await listen(await register(t))
  t.equal((await answered(`${url}/static`)).headers.get('x-powered-by'), 'Next.js')
})

t.test('a development server shares its directory with nobody', async t => {
  const production = await register(t)
  const refused = { code: 'FST_NEXT_DIR_IN_USE', message: await builtFixture('app') }
  await t.rejects(register(t, { dev: true }), refused)
  await production.close()

  const development = await register(t, { dev: true })
  await t.rejects(register(t, { dev: true }), refused)
  await t.rejects(register(t), refused)
  await development.close()
  await t.resolves(register(t))
})
