import type { FastifyInstance, FastifyRequest } from 'fastify'
import t from 'tap'
import { serve } from './helpers/serve.js'

/** By URL, what the hooks of requests have found. */
async function noteRoutes(fastify: FastifyInstance, noted: Map<string, unknown[]>) {
  fastify.addHook('onRequest', async ({ nextRoute, raw: { url = '' } }) => {
    noted.set(url, [nextRoute])
  })
  for (const name of ['onSend', 'onResponse'] as const) {
    fastify.addHook(name, async (request: FastifyRequest) => {
      noted.get(String(request.raw.url))?.push(request.nextRoute)
    })
  }
}

t.test('hooks know the route from the answer on', async t => {
  const noted = new Map<string, unknown[]>()
  const { fastify } = await serve(t, {
    fixture: 'observed',
    before: fastify => noteRoutes(fastify, noted),
    after(fastify) {
      fastify.get('/own', async () => 'own')
      fastify.get('/rendered', (_request, reply) => reply.nextRender('/blog/rendered'))
      fastify.get('/missing', (_request, reply) => reply.nextNotFound())
      fastify.next('/blog/declared')
    }
  })
  const routeOf = async (url: string, method: 'GET' | 'HEAD' = 'GET', headers = {}) => {
    await fastify.inject({ method, url, headers })
    const [before, onSend, onResponse] = noted.get(url) ?? []
    t.equal(before, undefined)
    t.equal(onSend, onResponse)
    return onSend
  }
  t.equal(await routeOf('/blog/one'), '/blog/[slug]')
  t.equal(await routeOf('/blog/declared'), '/blog/[slug]')
  t.equal(await routeOf('/posts/one', 'HEAD'), '/posts/[slug]')
  t.equal(await routeOf('/posts/one'), '/posts/[slug]')
  t.equal(await routeOf('/posts/one?_rsc=x', 'GET', { rsc: '1' }), '/posts/[slug]')
  t.equal(await routeOf('/legacy/one'), '/_error', 'the page of the Pages Router that answers')
  t.equal(await routeOf('/nowhere'), '/_not-found')
  t.equal(await routeOf('/missing'), '/_not-found')
  t.equal(await routeOf('/rendered'), '/blog/[slug]', 'where a handler has led it')
  t.equal(await routeOf('/own'), undefined, 'a route of Fastify')
  t.equal(await routeOf('/_next/static/none.js'), undefined, 'no file')
})

t.test('a kept answer has the route of its page, also where nothing is sent', async t => {
  const noted = new Map<string, unknown[]>()
  const { fastify } = await serve(t, {
    fixture: 'observed',
    before: fastify => noteRoutes(fastify, noted)
  })
  const { headers } = await fastify.inject('/posts/two')
  const again = () => fastify.nextStats().prerenderCache.hits
  await fastify.inject('/posts/two')
  t.strictSame(noted.get('/posts/two'), [undefined, '/posts/[slug]', '/posts/[slug]'])
  t.equal(again(), 1)
  const etag = String(headers.etag)
  const { statusCode } = await fastify.inject({
    url: '/posts/two',
    headers: { 'if-none-match': etag }
  })
  t.equal(statusCode, 304)
  t.strictSame(noted.get('/posts/two'), [undefined, '/posts/[slug]', '/posts/[slug]'])
  t.equal(again(), 2)
})

t.test('an error page in the place of a kept answer has its own', async t => {
  const routes: unknown[] = []
  const { fastify } = await serve(t, {
    fixture: 'observed',
    before(fastify) {
      fastify.setErrorHandler((error, _request, reply) => reply.nextRenderError(error))
      fastify.addHook('onSend', async ({ headers }, reply) => {
        if (headers['x-fail'] && reply.statusCode === 200) throw new Error('The hook has failed')
      })
      fastify.addHook('onResponse', async request => void routes.push(request.nextRoute))
    }
  })
  await fastify.inject('/posts/one')
  const headers = { 'x-fail': '1' }
  const { statusCode } = await fastify.inject({ url: '/posts/one', headers })
  t.equal(statusCode, 500)
  t.equal(fastify.nextStats().prerenderCache.hits, 1)
  t.strictSame(routes, ['/posts/[slug]', '/_global-error'])
})

t.test('it is a part of the request that nobody can set', async t => {
  const { fastify } = await serve(t, {
    fixture: 'observed',
    after: fastify =>
      fastify.get('/own', async request => Reflect.set(request, 'nextRoute', '/somewhere'))
  })
  t.equal((await fastify.inject('/own')).body, 'false')
})
