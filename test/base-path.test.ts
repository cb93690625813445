import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { ready } from './helpers/serve.js'

t.test('with a basePath Fastify answers outside of it', async t => {
  const fastify = await ready(t, {
    fixture: 'based',
    after: fastify => fastify.get('/page', async () => 'of Fastify')
  })
  t.match((await fastify.inject('/docs')).body, 'Based')
  t.match((await fastify.inject('/docs?x=1')).body, 'Based')
  t.match((await fastify.inject('/docs/page')).body, 'Based page')
  t.equal((await fastify.inject('/docs/file.txt')).body, 'based public\n')
  t.equal((await fastify.inject('/docs/inside')).headers.location, '/docs/page')
  t.match((await fastify.inject('/docs/nowhere')).headers['content-type'], 'text/html')
  t.equal((await fastify.inject('/page')).body, 'of Fastify')
  for (const url of ['/', '/nowhere', '/docsx', '/file.txt']) {
    t.equal((await fastify.inject(url)).json().message, `Route GET:${url} not found`)
  }
})

t.test('rules with basePath: false and a path as assetPrefix go to Next', async t => {
  const fastify = await ready(t, { fixture: 'based' })
  for (const url of ['/outside', '/outside/a/b', '/OUTSIDE/x?y=1']) {
    const { headers, statusCode } = await fastify.inject(url)
    t.equal(statusCode, 307, url)
    t.match(headers.location, /^\/docs\/page/, url)
  }
  t.equal((await fastify.inject('/outsider')).statusCode, 404)

  const [script] = (await fastify.inject('/docs')).body.match(/\/cdn\/_next\/[^"]+\.js/) ?? []
  const file = await fastify.inject(String(script))
  t.equal(file.statusCode, 200)
  t.match(file.headers['content-type'], 'javascript')
})

t.test("the user's own routes below the basePath and beside it win", async t => {
  const fastify = await ready(t, {
    fixture: 'based',
    after(fastify) {
      fastify.get('/docs', async () => 'own root')
      fastify.get('/docs/page', async () => 'own page')
      fastify.get('/*', async () => 'own rest')
    }
  })
  t.equal((await fastify.inject('/docs')).body, 'own root')
  t.equal((await fastify.inject('/docs/page')).body, 'own page')
  t.equal((await fastify.inject('/outside/x')).body, 'own rest')
  t.equal((await fastify.inject('/')).body, 'own rest')
  t.equal((await fastify.inject('/docs/file.txt')).body, 'based public\n')
  t.equal((await fastify.inject({ method: 'PUT', url: '/outside/x' })).statusCode, 307)

  const other = await ready(t, {
    fixture: 'based',
    after: fastify => fastify.get('/docs/*', async () => 'own docs')
  })
  t.equal((await other.inject('/docs/page')).body, 'own docs')
  t.match((await other.inject({ method: 'POST', url: '/docs/nowhere' })).body, '404')
})

t.test('the router and the plugin agree on what is below the basePath', async t => {
  const own = (fastify: FastifyInstance) => fastify.get('/docs/*', async () => 'own docs')
  const server = {
    routerOptions: { caseSensitive: false, ignoreDuplicateSlashes: true, ignoreTrailingSlash: true }
  }
  const fastify = await ready(t, { fixture: 'based', server })
  t.equal((await fastify.inject('//docs/page')).headers.location, '/docs/page')
  t.match((await fastify.inject('/DOCS/page')).headers['content-type'], 'text/html')

  const other = await ready(t, { fixture: 'based', server, after: own })
  t.equal((await other.inject('/docs/')).headers.location, '/docs')
  t.equal((await other.inject('/docs/page')).body, 'own docs')
  t.equal((await other.inject('//docs/page')).body, 'own docs')
})

t.test('catchAll: false serves the files below basePath and assetPrefix', async t => {
  const fastify = await ready(t, {
    fixture: 'based',
    options: { catchAll: false },
    after: fastify => fastify.next('/docs/page')
  })
  const page = await fastify.inject('/docs/page')
  t.match(page.body, 'Based page')
  const [script] = page.body.match(/\/cdn\/_next\/[^"]+\.js/) ?? []
  t.equal((await fastify.inject(String(script))).statusCode, 200)
  t.equal((await fastify.inject('/docs')).statusCode, 404)
  t.equal((await fastify.inject('/outside')).statusCode, 404)
})
