import t from 'tap'
import { answered } from './helpers/answered.js'
import { event } from './helpers/event.js'
import { setGlobal } from './helpers/globals.js'
import { serve } from './helpers/serve.js'

t.test('a call of Next that fails is answered, and rejects for nobody', async t => {
  const outcomes: unknown[] = []
  const { url } = await serve(t, {
    options: { catchAll: false },
    before(fastify) {
      fastify.setErrorHandler((error, _request, reply) => {
        outcomes.push(error)
        return reply.send('the error handler')
      })
    },
    after(fastify) {
      fastify.nextApp.render = async (_request, response, path) => {
        if (path === '/begun') response.write('a beginning')
        throw Object.assign(new Error('a secret'), path === '/busy' ? { statusCode: 503 } : {})
      }
      for (const path of ['/busy', '/plain', '/begun']) {
        fastify.next(path, async (app, { raw }, reply) => {
          outcomes.push(await app.render(raw, reply.raw, path))
        })
      }
    }
  })
  t.equal((await answered(`${url}/busy`)).status, 503)
  t.equal((await answered(`${url}/plain`)).status, 500)
  const begun = fetch(`${url}/begun`, { signal: AbortSignal.timeout(10_000) })
  await t.rejects(async () => (await begun).text(), { name: 'TypeError' }, 'it is cut')
  t.strictSame(outcomes, [undefined, undefined, undefined])
})

t.test('what a handler does afterwards changes nothing', async t => {
  const { url } = await serve(t, {
    after(fastify) {
      fastify.next('/static', async (app, { raw }, reply) => {
        app.getRequestHandler()(raw, reply.raw)
      })
      fastify.next('/dynamic', (app, { raw }, reply) => {
        app.getRequestHandler()(raw, reply.raw)
        throw new Error('late')
      })
    }
  })
  t.match(await (await fetch(`${url}/static`)).text(), 'A page that is prerendered')
  t.match(await (await fetch(`${url}/dynamic`)).text(), 'id="query"')
})

t.test('close() finishes the background work of such a page', async t => {
  const started = event('after()')
  const finish = event('the close')
  let isFinished = false
  setGlobal(t, 'afterResponse', async () => {
    started.happen()
    await finish.happened
    isFinished = true
  })
  const { fastify, url } = await serve(t, {
    after(fastify) {
      fastify.next('/after', (app, { raw }, reply) => app.getRequestHandler()(raw, reply.raw))
      fastify.addHook('preClose', async () => finish.happen())
    }
  })
  await (await fetch(`${url}/after`)).text()
  await started.happened
  await fastify.close()
  t.ok(isFinished)
})

t.test('a handler waits for the development server', async t => {
  const calls: string[] = []
  const asked = event('the request')
  const { url } = await serve(t, {
    options: { dev: true, catchAll: false },
    after(fastify) {
      const { nextApp } = fastify
      nextApp.prepare = async () => {
        await asked.happened
        calls.push('prepared')
      }
      nextApp.close = async () => {}
      nextApp.render = async (_request, response) => {
        calls.push('rendered')
        response.end('page')
      }
      Object.defineProperty(nextApp, 'server', { value: {} })
      fastify.next('/own', (app, { raw }, reply) => {
        app.render(raw, reply.raw, '/own')
        asked.happen()
      })
    }
  })
  t.equal(await (await fetch(`${url}/own`)).text(), 'page')
  t.strictSame(calls, ['prepared', 'rendered'])
})
