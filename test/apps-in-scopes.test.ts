import Fastify, { type FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import { fastifyNext } from '../src/index.js'
import { builtFixture } from './helpers/fixture.js'

/** Apps with paths of the same names, each below its own basePath. */
const APPS = [
  { fixture: 'twin-one', basePath: '', name: 'one', text: 'home of one, client of one' },
  {
    fixture: 'twin-based',
    basePath: '/based',
    name: 'based',
    text: 'home of based, client of based'
  },
  // It has a rule for `/outside`, too.
  { fixture: 'based', basePath: '/docs', text: 'Based' }
]

function textOf(html: string): string {
  return html
    .replace(/<script.*?<\/script>/gs, '')
    .replace(/<!--.*?-->/g, '')
    .replace(/<[^>]*>/g, '')
}

async function serveScopes(t: Test, apps: typeof APPS): Promise<string> {
  const fastify: FastifyInstance = Fastify({ forceCloseConnections: true })
  t.teardown(() => fastify.close())
  for (const { fixture } of apps) {
    const dir = await builtFixture(fixture)
    await fastify.register(async scope => {
      scope.addHook('onSend', async (_request, reply) => void reply.header('x-scope', fixture))
      await scope.register(fastifyNext, { dir, dev: false })
      scope.get(`/of-${fixture}`, (_request, reply) => reply.nextRender('/isr'))
      scope.get(`/not-of-${fixture}`, (_request, reply) => reply.nextNotFound())
    })
  }
  fastify.get('/outside', async () => 'of nobody')
  const url = await fastify.listen({ host: '127.0.0.1', port: 0 })
  return url
}

for (const apps of [APPS, [...APPS].reverse()]) {
  const order = apps.map(({ fixture }) => fixture).join(', ')
  t.test(`scopes of one server, each with an app: ${order}`, async t => {
    const url = await serveScopes(t, apps)

    await t.test('pages and their files are of the scope with their basePath', async t => {
      for (const { fixture, basePath, text } of apps) {
        const page = await fetch(`${url}${basePath || '/'}`)
        t.equal(page.headers.get('x-scope'), fixture)
        const html = await page.text()
        t.match(textOf(html), text)
        const [, script = ''] = html.match(/<script src="([^"]+)"/) ?? []
        // The third app has an assetPrefix, which is the address of somebody else.
        if (script.startsWith('/cdn/')) continue
        const file = await fetch(new URL(script, url))
        t.equal(file.status, 200, script)
        t.equal(file.headers.get('x-scope'), fixture, script)
        await file.arrayBuffer()
      }
    })

    await t.test('pages of the same route are kept apart', async t => {
      for (const { basePath, name } of apps) {
        if (!name) continue
        for (const path of ['/isr', '/dynamic']) {
          const page = await fetch(url + basePath + path)
          t.match(textOf(await page.text()), `of ${name}`, basePath + path)
        }
      }
    })

    await t.test('what no page has is answered by the app below whose basePath it is', async t => {
      for (const { fixture, basePath, name } of apps) {
        const missing = await fetch(`${url}${basePath}/missing`)
        t.equal(missing.status, 404)
        t.equal(missing.headers.get('x-scope'), fixture)
        t.match(textOf(await missing.text()), name ? `nothing of ${name}` : '404')
      }
    })

    await t.test(
      'of two apps that would answer, the one that was registered last does',
      async t => {
        const redirect = await fetch(`${url}/outside/x`, { redirect: 'manual' })
        t.equal(redirect.headers.get('x-scope'), apps.at(-1)?.fixture)
        await redirect.text()
        t.equal(await (await fetch(`${url}/outside`)).text(), 'of nobody')
      }
    )

    await t.test('replies of a scope render with its app', async t => {
      for (const { fixture, name } of apps) {
        if (!name) continue
        const page = await fetch(`${url}/of-${fixture}`)
        t.equal(page.status, 200)
        t.match(textOf(await page.text()), `isr of ${name}`)
        const missing = await fetch(`${url}/not-of-${fixture}`)
        t.equal(missing.status, 404)
        t.match(textOf(await missing.text()), `nothing of ${name}`)
      }
    })
  })
}
