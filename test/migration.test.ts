import { readFile } from 'node:fs/promises'
import { type AddressInfo, connect } from 'node:net'
import { join } from 'node:path'
import Fastify, { type FastifyInstance, type FastifyServerOptions } from 'fastify'
import t, { type Test } from 'tap'
import { type FastifyNextOptions, fastifyNext, type NextRequestHandler } from '../src/index.js'
import { answered } from './helpers/answered.js'
import { startApp } from './helpers/app-process.js'
import { event } from './helpers/event.js'
import { builtFixture } from './helpers/fixture.js'

/**
 * What the tests of @fastify/nextjs assert, on a Pages Router app, used the way its users do: the
 * plugin is not awaited, and routes are declared in `after()` or after `await`.
 */
const dir = await builtFixture('pages-router')
const { pages } = JSON.parse(await readFile(join(dir, '.next', 'build-manifest.json'), 'utf8'))
const assets: string[] = pages['/hello']

const HTML = 'text/html; charset=utf-8'
const header = 'test-header'

interface Setup {
  options?: FastifyNextOptions
  server?: FastifyServerOptions
}

async function start(t: Test, use: (fastify: FastifyInstance) => void, setup: Setup = {}) {
  const fastify = Fastify({ forceCloseConnections: true, ...setup.server })
  t.teardown(() => fastify.close())
  fastify
    .register(fastifyNext, { dir, dev: false, ...setup.options })
    .addHook('onRequest', (_request, reply, done) => {
      reply.header(header, 'hello')
      done()
    })
    .after(() => use(fastify))
  await fastify.listen({ host: '127.0.0.1', port: 0 })
  const { port } = fastify.server.address() as AddressInfo
  return async (path: string, init?: RequestInit) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, init)
    const { headers, status } = response
    return { body: await response.text(), headers, status, type: headers.get('content-type') }
  }
}

t.test('a declared route is an HTML page, and answers HEAD', async t => {
  const request = await start(t, fastify => {
    fastify.next('/hello')
    fastify.next('/custom-property', { method: 'head' })
    fastify.next('/null', null, (_app, _request, reply) => reply.send('null'))
  })
  const page = await request('/hello')
  t.match(page, { status: 200, type: HTML, body: '<div>hello world</div>' })
  t.equal(page.headers.get(header), 'hello')
  t.equal((await request('/null')).body, 'null')
  const head = await request('/custom-property', { method: 'HEAD' })
  t.match(head, { status: 200, type: HTML, body: '' })
})

t.test('a path that nobody has declared is a 404, with and without the catch-all', async t => {
  for (const catchAll of [true, false]) {
    const request = await start(t, fastify => fastify.next('/hello'), { options: { catchAll } })
    t.equal((await request('/test')).status, 404)
  }
})

t.test('a handler that renders to the raw response', async t => {
  let onSend = 0
  const request = await start(t, fastify => {
    fastify.addHook('onSend', async () => void onSend++)
    fastify.next('/unreturned', (app, { query, raw }, reply) => {
      app.render(raw, reply.raw, '/hello', query, {})
    })
    fastify.next('/returned', (app, { query, raw }, reply) => {
      return app.render(raw, reply.raw, '/hello', query, {})
    })
    fastify.next('/awaited', async (app, { raw }, reply) => {
      reply.code(203).header('x-late', 'yes')
      await app.render(raw, reply.raw, '/hello')
    })
    fastify.next('/*', (app, { raw }, reply) => app.getRequestHandler()(raw, reply.raw))
    fastify.next('/hijacked', (app, { raw }, reply) => {
      reply.hijack()
      return app.getRequestHandler()(raw, reply.raw)
    })
    fastify.next('/missing', (app, { raw }, reply) => app.render404(raw, reply.raw))
    fastify.next('/failed', (app, { raw }, reply) => {
      reply.raw.statusCode = 500
      return app.renderError(null, raw, reply.raw, '/hello')
    })
  })
  for (const path of ['/unreturned', '/returned', '/awaited', '/hello']) {
    const page = await request(path)
    t.match(page, { type: HTML, body: '<div>hello world</div>' }, path)
    t.equal(page.headers.get(header), 'hello')
    t.equal(page.status, path === '/awaited' ? 203 : 200)
    t.equal(page.headers.get('x-late'), path === '/awaited' ? 'yes' : null)
  }
  t.match(await request('/missing'), { status: 404, body: 'The error page for 404' })
  t.match(await request('/failed'), { status: 500, body: 'The error page for 500' })
  t.match(await request('/hijacked'), { status: 404, type: HTML })
  t.equal(onSend, 0)
})

t.test('a handler keeps the request handler of the app', async t => {
  let handle: NextRequestHandler | undefined
  let count = 0
  const request = await start(t, fastify => {
    const early = fastify.nextApp.getRequestHandler()
    fastify.next('/hello', (app, { raw }, reply) => {
      handle ??= app.getRequestHandler()
      reply.header('x-count', `${++count}`)
      return handle(raw, reply.raw)
    })
    fastify.next('/api/*', (_app, { raw }, reply) => early(raw, reply.raw))
  })
  for (const expected of ['1', '2', '3']) {
    const page = await request('/hello')
    t.match(page.body, 'hello world')
    t.equal(page.headers.get('x-count'), expected)
  }
  t.equal((await request('/api/user')).headers.get(header), 'hello')
})

t.test('a handler that sends what the app has rendered', async t => {
  const request = await start(t, fastify => {
    fastify.next('/hello', async (app, { raw }, reply) => {
      const html = await app.renderToHTML(raw, reply.raw, '/hello')
      return reply.type('text/html').send(`${html}<!-- mine -->`)
    })
  })
  t.match((await request('/hello')).body, /hello world.*<!-- mine -->$/)
})

t.test('a handler with a schema for the body gets the body', async t => {
  const body = { type: 'object', required: ['name'], properties: { name: { type: 'string' } } }
  const request = await start(t, fastify => {
    fastify.next('/names', { method: 'POST', schema: { body } }, async (_app, { body }) => ({
      body
    }))
  })
  const post = (value: object) =>
    request('/names', {
      method: 'POST',
      body: JSON.stringify(value),
      headers: { 'content-type': 'application/json' }
    })
  t.strictSame(JSON.parse((await post({ name: 'Ada' })).body), { body: { name: 'Ada' } })
  t.equal((await post({})).status, 400)
})

t.test('a handler that begins when its client has left', async t => {
  const left = event('the client')
  const handled = event('the handler')
  const fastify = Fastify()
  await fastify.register(fastifyNext, { dir, dev: false })
  fastify.next('/hello', async (app, { raw }, reply) => {
    raw.socket.once('close', () => left.happen())
    await left.happened
    await app.getRequestHandler()(raw, reply.raw)
    handled.happen()
  })
  await fastify.listen({ host: '127.0.0.1', port: 0 })
  const { port } = fastify.server.address() as AddressInfo
  const socket = connect(port, '127.0.0.1')
  socket.write('GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n', () => socket.destroy())
  await handled.happened
  // Sooner than after `closeTimeout`, for which a request in flight would be waited for.
  const closed = event('the close', 5_000)
  fastify.close().then(() => closed.happen())
  await closed.happened
  t.pass('closed')
})

t.test('a handler whose call of Next fails is answered, and logged', async t => {
  const errors: unknown[] = []
  const request = await start(
    t,
    fastify => {
      fastify.next('/hello', (app, { raw }, reply) => {
        app.render(raw, reply.raw, undefined as never)
      })
    },
    { server: { logger: { stream: { write: line => void errors.push(JSON.parse(line)) } } } }
  )
  t.match(await request('/hello'), { status: 500, body: '' })
  t.ok(
    errors.some(
      line => (line as { err?: { code: string } }).err?.code === 'FST_NEXT_REQUEST_FAILED'
    )
  )
})

t.test('what is no path, option or handler is refused at once', async t => {
  const refused = { code: 'FST_NEXT_INVALID_ROUTE' }
  await start(t, fastify => {
    const next = fastify.next.bind(fastify) as (...args: unknown[]) => void
    t.throws(() => next(null), { ...refused, message: 'path' })
    t.throws(() => next('/hello', { method: 1 }), { ...refused, message: 'method' })
    t.throws(() => next('/hello', { method: ['GET', 1] }), { ...refused, message: 'method' })
    t.throws(() => next('/hello', { schema: 1 }), { ...refused, message: 'schema' })
    t.throws(() => next('/hello', 1), { ...refused, message: 'options' })
    t.throws(() => next('/hello', {}, 1), { ...refused, message: 'handler' })
  })
})

t.test('the files of Next are served, unless noServeAssets says not to', async t => {
  t.ok(assets.length > 0)
  const request = await start(t, fastify => fastify.next('/hello'))
  for (const asset of assets) {
    t.match(await request(`/_next/${asset}`), { status: 200, type: /javascript/ }, asset)
  }
  const options = { catchAll: false, noServeAssets: true, underPressure: false }
  const without = await start(t, fastify => fastify.next('/hello'), { options })
  t.equal((await without('/hello')).status, 200)
  for (const asset of assets) {
    t.match(await without(`/_next/${asset}`), {
      status: 404,
      type: 'application/json; charset=utf-8'
    })
  }
})

t.test('the files of Next are below the basePath of conf', async t => {
  // Next keeps the basePath of a directory for the life of a process.
  const { url } = await startApp(t, { dir, dev: false, conf: { basePath: '/base_path' } })
  for (const asset of assets) {
    t.equal((await answered(`${url}/base_path/_next/${asset}`)).status, 200, asset)
  }
})

t.test('an API route answers JSON, through a declared wildcard too', async t => {
  const request = await start(t, fastify => fastify.next('/api/*'))
  const { body, status, type } = await request('/api/user')
  t.match({ status, type }, { status: 200, type: 'application/json' })
  t.strictSame(JSON.parse(body), { name: 'Ada' })
})

t.test('a page logs no error', async t => {
  const lines: string[] = []
  const logger = { level: 'warn', stream: { write: (line: string) => void lines.push(line) } }
  const request = await start(t, fastify => fastify.next('/hello'), { server: { logger } })
  t.equal((await request('/hello')).status, 200)
  t.strictSame(lines, [])
})

t.test('nextRender, in a handler and in an error handler', async t => {
  const request = await start(t, fastify => {
    fastify.get('/page', (_request, reply) => reply.nextRender('/hello'))
    fastify.get('/boom', () => {
      throw new Error('boom')
    })
    fastify.setErrorHandler((error, _request, reply) => {
      reply.status((error as { statusCode?: number }).statusCode || 500)
      return reply.nextRender('/hello')
    })
  })
  for (const [path, status] of [
    ['/page', 200],
    ['/boom', 500]
  ] as const) {
    const page = await request(path)
    t.match(page, { status, type: HTML, body: '<div>hello world</div>' }, path)
    t.equal(page.headers.get(header), 'hello')
  }
})

t.test('nextRenderError, in a handler and in an error handler', async t => {
  const request = await start(t, fastify => {
    fastify.get('/page', (_request, reply) =>
      reply.nextRenderError(new Error('Test error message'))
    )
    fastify.get('/boom', () => {
      throw new Error('boom')
    })
    fastify.setErrorHandler((error, _request, reply) => {
      reply.status((error as { statusCode?: number }).statusCode || 500)
      return reply.nextRenderError(error)
    })
  })
  for (const path of ['/page', '/boom']) {
    const page = await request(path)
    t.match(page, { status: 500, type: HTML, body: 'The error page for 500, no message' }, path)
    t.equal(page.headers.get(header), 'hello')
  }
})

t.test('what a hook puts on the raw request reaches getServerSideProps', async t => {
  const request = await start(t, fastify => {
    fastify.addHook('onRequest', (request, _reply, done) => {
      Object.assign(request.raw, { customProperty: { value: 'test' } })
      done()
    })
    fastify.next('/custom-property')
    fastify.next('/raw', (app, { raw }, reply) => app.render(raw, reply.raw, '/custom-property'))
    fastify.get('/rendered', (_request, reply) => reply.nextRender('/custom-property'))
  })
  for (const path of ['/custom-property', '/raw', '/rendered']) {
    t.match((await request(path)).body, 'The hook said test', path)
  }
})
