import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import t from 'tap'
import { hasAppRouter } from '../src/next/error-pages.js'
import { startApp } from './helpers/app-process.js'
import { replaceServer, Teapot } from './helpers/error-pages.js'
import { builtFixture, fixturePath } from './helpers/fixture.js'
import { ready } from './helpers/serve.js'

const PAGES = {
  slashed: { notFound: 'The shop does not have that', error: 'This page couldn’t load' },
  app: { notFound: 'This page could not be found', error: 'This page couldn’t load' },
  'pages-router': { notFound: 'The error page for 404', error: 'The error page for %d' }
} as const

const SECRET = /The secret/

for (const [fixture, pages] of Object.entries(PAGES)) {
  t.test(`the error pages of "${fixture}"`, async t => {
    const dir = await builtFixture(fixture)
    const { output, url } = await startApp(t, { dir, dev: false }, 'error-pages.mjs')
    const posted = await fetch(`${url}/own/missing`, {
      method: 'POST',
      body: '{}',
      headers: { 'content-type': 'application/json' }
    })
    t.equal(posted.status, 404)
    t.match(await posted.text(), pages.notFound)
    for (const [path, status, text] of [
      ['/own/missing', 404, pages.notFound],
      ['/own/error', 500, pages.error],
      ['/own/teapot', 418, pages.error],
      ['/own/set', 503, pages.error],
      ['/own/nothing', 500, pages.error],
      ['/own/thrown', 418, pages.error]
    ] as const) {
      // The proxy of "slashed" redirects every request that has this.
      const response = await fetch(`${url}${path}?away=1`, { redirect: 'manual' })
      const body = await response.text()
      t.equal(response.status, status, path)
      t.match(response.headers.get('content-type'), 'text/html')
      t.match(response.headers.get('cache-control'), 'no-store')
      t.match(body, text.replace('%d', `${status}`))
      t.notMatch(body, SECRET)
      if (path === '/own/set') t.equal(response.headers.get('retry-after'), '1')
    }
    t.notMatch(output(), /deprecated/i)
  })

  t.test(`the error pages of "${fixture}" in development`, async t => {
    const dir = fixturePath(fixture)
    const { output, url } = await startApp(t, { dir, dev: true }, 'error-pages.mjs')
    for (const [path, status, text] of [
      ['/own/missing', 404, pages.notFound],
      // Next's overlay gets it from there.
      ['/own/teapot', 418, SECRET]
    ] as const) {
      const response = await fetch(`${url}${path}`, { signal: AbortSignal.timeout(60_000) })
      t.equal(response.status, status, path)
      t.match(await response.text(), text)
    }
    t.notMatch(output(), /deprecated/i)
  })
}

t.test("Next's client gets the error page as a document", async t => {
  const fastify = await ready(t, {
    fixture: 'slashed',
    after: fastify =>
      fastify.get('/own', (_request, reply) => reply.nextRenderError(new Error('a secret')))
  })
  const { headers, statusCode } = await fastify.inject({ url: '/own?_rsc', headers: { rsc: '1' } })
  t.equal(statusCode, 500)
  t.match(headers['content-type'], 'text/html')
})

t.test('without a server that renders them the pages of an App Router are asked for', async t => {
  const fastify = await ready(t, {
    fixture: 'slashed',
    after(fastify) {
      replaceServer(fastify, {})
      fastify.get('/missing', (_request, reply) => reply.nextNotFound())
      fastify.get('/error', (_request, reply) => reply.nextRenderError(new Teapot('a secret')))
    }
  })
  const missing = await fastify.inject('/missing')
  t.equal(missing.statusCode, 404)
  t.match(missing.body, PAGES.slashed.notFound)
  const error = await fastify.inject('/error')
  t.equal(error.statusCode, 418)
  t.match(error.body, PAGES.slashed.error)
})

t.test(
  'the router is that of the sources in development, and of the build in production',
  async t => {
    const dir = await mkdtemp(join(tmpdir(), 'fastify-next-'))
    t.teardown(() => rm(dir, { force: true, recursive: true }))
    const distDir = join(dir, '.next')
    const manifest = join(distDir, 'server', 'app-paths-manifest.json')
    await mkdir(dirname(manifest), { recursive: true })
    const expectRouters = (inDevelopment: boolean, inProduction: boolean) => {
      t.equal(hasAppRouter(dir, distDir, true), inDevelopment)
      t.equal(hasAppRouter(dir, distDir, false), inProduction)
    }
    expectRouters(false, false)
    await writeFile(manifest, '{}')
    expectRouters(false, false)
    await writeFile(manifest, '{ "/_not-found/page": "app/_not-found/page.js" }')
    expectRouters(false, true)
    await rm(manifest)
    await mkdir(join(dir, 'src', 'app'), { recursive: true })
    expectRouters(true, false)
    await rm(join(dir, 'src'), { recursive: true })
    await mkdir(join(dir, 'app'))
    expectRouters(true, false)
  }
)
