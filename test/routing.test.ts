import cors from '@fastify/cors'
import Fastify, { type FastifyInstance } from 'fastify'
import t from 'tap'
import { fastifyNext } from '../src/index.js'
import { builtFixture } from './helpers/fixture.js'
import { ready, serve } from './helpers/serve.js'
import { exchange } from './helpers/wire.js'

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const

t.test('every other route of the instance wins, registered before or after', async t => {
  const fastify = await ready(t, {
    before: fastify => fastify.get('/static', async () => 'before'),
    after(fastify) {
      fastify.get('/dynamic', async () => 'after')
      fastify.post('/static', async () => 'another method')
      fastify.get('/blog/:slug', async () => 'a parameter')
    }
  })
  t.equal((await fastify.inject('/static')).body, 'before')
  t.equal((await fastify.inject('/dynamic')).body, 'after')
  t.equal((await fastify.inject({ method: 'POST', url: '/static' })).body, 'another method')
  t.equal((await fastify.inject('/blog/a')).body, 'a parameter')
  t.match((await fastify.inject('/action')).body, '<form')
})

t.test('Next answers the rest, with each method', async t => {
  const fastify = await ready(t)
  for (const method of METHODS) {
    const { headers, statusCode } = await fastify.inject({ method, url: '/nowhere' })
    t.equal(statusCode, 404, method)
    t.match(headers['content-type'], method === 'OPTIONS' ? /./ : 'text/html', method)
  }
  t.match(fastify.printRoutes(), /\*.*\(GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\)/)
})

for (const path of ['*', '/*']) {
  for (const order of ['before', 'after'] as const) {
    t.test(`the user's own ${path}, registered ${order}, wins for its methods`, async t => {
      const fastify = await ready(t, {
        [order]: (fastify: FastifyInstance) => fastify.get(path, async () => 'of the user')
      })
      t.equal((await fastify.inject('/static')).body, 'of the user')
      t.equal((await fastify.inject({ method: 'DELETE', url: '/static' })).statusCode, 405)
      t.match((await fastify.inject({ method: 'PUT', url: '/nowhere' })).body, '404')
    })
  }
}

for (const [path, order] of [
  ['/*', 'before'],
  ['/*', 'after'],
  ['*', 'after']
] as const) {
  t.test(`the user's own ${path} with a constraint, registered ${order}, wins`, async t => {
    const fastify = await ready(t, {
      [order]: (fastify: FastifyInstance) =>
        fastify.get(path, { constraints: { host: 'api.example' } }, async () => 'of the user')
    })
    const ask = (host: string) => fastify.inject({ url: '/static', headers: { host } })
    t.equal((await ask('api.example')).body, 'of the user')
    t.match((await ask('other.example')).body, 'A page that is prerendered')
  })
}

t.test('what is no path of the origin is not for Next', async t => {
  const { port } = await serve(t)
  for (const [method, target] of [
    ['OPTIONS', '*'],
    ['GET', 'http://other.example/static']
  ]) {
    const request = `${method} ${target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`
    t.match(await exchange(port, request), /^HTTP\/1\.1 404 /)
  }
})

for (const order of ['before', 'after'] as const) {
  t.test(`@fastify/cors, registered ${order}`, async t => {
    const origin = 'http://other.example'
    const fastify = await ready(t, {
      [order]: (fastify: FastifyInstance) => fastify.register(cors, { origin: [origin] })
    })
    const preflight = await fastify.inject({
      method: 'OPTIONS',
      url: '/static',
      headers: { origin, 'access-control-request-method': 'GET' }
    })
    t.equal(preflight.statusCode, 204)
    t.equal(preflight.headers['access-control-allow-origin'], origin)

    const page = await fastify.inject({ url: '/static', headers: { origin } })
    t.equal(page.statusCode, 200)
    t.equal(page.headers['access-control-allow-origin'], origin)
    t.match(page.headers.vary, /\bOrigin\b/)
    t.match(page.headers.vary, /\bnext-router-state-tree\b/)
    t.match(page.headers.vary, /\bAccept-Encoding\b/)
  })
}

t.test('setNotFoundHandler is not for paths that Next answers', async t => {
  const fastify = await ready(t, {
    before: fastify => fastify.setNotFoundHandler(async () => 'nobody')
  })
  t.match((await fastify.inject('/nowhere')).body, '404')
})

t.test('a registration that fails leaves no listener', async t => {
  const fastify = Fastify({ http2: true })
  const count = fastify.server.listenerCount('session')
  fastify.register(
    async scope => {
      scope.register(fastifyNext, { dir: await builtFixture('app'), dev: false })
    },
    { prefix: '/x' }
  )
  await t.rejects(async () => fastify.ready(), { code: 'FST_NEXT_PREFIX_MISMATCH' })
  t.equal(fastify.server.listenerCount('session'), count)
  await fastify.close()
})

t.test('a second registration on one instance is refused', async t => {
  const dir = await builtFixture('app')
  const fastify = Fastify()
  t.teardown(() => fastify.close())
  await fastify.register(fastifyNext, { dir, dev: false })
  await t.rejects(async () => fastify.register(fastifyNext, { dir, dev: false }), {
    code: 'FST_NEXT_ALREADY_REGISTERED'
  })
})
