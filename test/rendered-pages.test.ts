import { once } from 'node:events'
import { get } from 'node:http'
import t from 'tap'
import type { PageQuery } from '../src/index.js'
import { answered } from './helpers/answered.js'
import { event } from './helpers/event.js'
import { setGlobal } from './helpers/globals.js'
import { ready, serve } from './helpers/serve.js'

/** What the page says that it was given. */
function factsOf(body: string): { slug: string; query: object; headers: (string | null)[] } {
  const [, json = ''] = body.match(/<pre id="facts">(.*?)<\/pre>/) ?? []
  return JSON.parse(json.replaceAll('&quot;', '"').replaceAll('&amp;', '&'))
}

t.test('a handler answers with a page', async t => {
  const { url } = await serve(t, {
    fixture: 'slashed',
    before: fastify => fastify.get('/early', (_request, reply) => reply.nextRender('/posts/early')),
    after(fastify) {
      fastify.get('/home', (_request, reply) => reply.nextRender('/'))
      fastify.get('/returned', (_request, reply) => reply.nextRender('/posts/a'))
      fastify.get('/awaited', async (_request, reply) => {
        await reply.nextRender('/posts/b/')
      })
      fastify.get('/unreturned', (_request, reply) => {
        reply.nextRender('//posts///c')
      })
      fastify.post('/parsed', async (_request, reply) => reply.nextRender('/posts/d'))
    }
  })
  t.match(await (await fetch(`${url}/home`)).text(), 'The shop')
  for (const [path, slug] of [
    ['/early', 'early'],
    ['/returned', 'a'],
    ['/awaited', 'b'],
    ['/unreturned', 'c']
  ] as const) {
    const response = await fetch(`${url}${path}?q=1&q=2`, { redirect: 'manual' })
    t.equal(response.status, 200, path)
    t.equal(response.headers.get('x-proxy'), 'seen', 'the proxy of the app applies')
    t.match(factsOf(await response.text()), { slug, query: { q: ['1', '2'] } })
  }
  const away = await answered(`${url}/returned?away=1`, { redirect: 'manual' })
  t.equal(away.status, 307, 'where the proxy redirects')
  t.match(away.headers.get('location'), '/shop')
  const posted = await fetch(`${url}/parsed`, {
    method: 'POST',
    body: JSON.stringify({ read: 'by Fastify' }),
    headers: { 'content-type': 'application/json', 'next-action': 'a'.repeat(42), 'x-sent': 'yes' }
  })
  t.equal(posted.status, 200)
  t.strictSame(factsOf(await posted.text()), {
    slug: 'd',
    query: {},
    headers: ['yes', null, null, null, null]
  })
})

t.test(
  "the client's headers and cookies reach the page, which has no body and is no copy",
  async t => {
    const fastify = await ready(t, {
      fixture: 'slashed',
      after: fastify => fastify.get('/own', (_request, reply) => reply.nextRender('/posts/a'))
    })
    const { body, headers } = await fastify.inject({
      url: '/own',
      headers: { cookie: 'visitor=ada', 'x-sent': 'yes', 'if-none-match': '*', range: 'bytes=0-1' }
    })
    t.strictSame(factsOf(body).headers, ['yes', 'visitor=ada', null, null, null])
    t.notOk(headers.etag)
  }
)

t.test('query is what the handler gives, or else that of the request', async t => {
  const fastify = await ready(t, {
    fixture: 'slashed',
    after(fastify) {
      fastify.get('/own', (_request, reply) =>
        reply.nextRender('/posts/a', {
          query: { text: 'ü & more', number: 1, yes: true, list: ['1', 2], none: undefined }
        })
      )
      fastify.get('/same', (request, reply) =>
        reply.nextRender('/posts/a', { query: request.query as PageQuery })
      )
      fastify.get('/empty', (_request, reply) => reply.nextRender('/posts/a', { query: {} }))
    }
  })
  const { body } = await fastify.inject('/own?from=client')
  t.strictSame(factsOf(body).query, {
    text: 'ü & more',
    number: '1',
    yes: 'true',
    list: ['1', '2']
  })
  t.strictSame(factsOf((await fastify.inject('/empty?from=client')).body).query, {})
  t.strictSame(factsOf((await fastify.inject('/same?a=1&a=2')).body).query, { a: ['1', '2'] })
})

t.test("what a client sends can't lead to another page", async t => {
  const fastify = await ready(t, {
    fixture: 'slashed',
    after(fastify) {
      fastify.get('/by-slug/:slug', (request, reply) => {
        const { slug } = request.params as { slug: string }
        return reply.nextRender(`/posts/${slug}`)
      })
      fastify.get('/any', (request, reply) => {
        const { path } = request.query as { path: string }
        return reply.nextRender(path)
      })
    }
  })
  for (const slug of [
    '..%2f',
    '.%2f',
    '%252e%252E',
    '..%5c',
    'x%2f..%2fy',
    '.%09.%2f',
    '%0d%0a',
    'x%5c..%2fy',
    'x%5c..'
  ]) {
    const refused = await fastify.inject(`/by-slug/${slug}`)
    t.match(refused.json(), { statusCode: 404, code: 'FST_NEXT_PATH_REFUSED' }, slug)
  }
  for (const path of ['', 'posts/a', 'http://other.example/', '?x', '\\posts']) {
    const refused = await fastify.inject(`/any?path=${encodeURIComponent(path)}`)
    t.match(refused.json(), { code: 'FST_NEXT_INVALID_PATH' }, path)
  }
  for (const slug of ['a?away=1', 'a#b', 'ü', 'a b', '...', 'a..b', '%2F']) {
    const { body, statusCode } = await fastify.inject(`/by-slug/${encodeURIComponent(slug)}`)
    t.equal(statusCode, 200, slug)
    t.equal(decodeURIComponent(factsOf(body).slug), decodeURIComponent(slug))
    t.strictSame(factsOf(body).query, {})
  }
  const { headers, statusCode } = await fastify.inject('/any?path=//other.example/')
  t.equal(statusCode, 404)
  t.notOk(headers.location)
})

t.test('search parameters that have no form as text are refused', async t => {
  const values: unknown[] = [null, {}, [null], [[1]], () => {}, 1n]
  const fastify = await ready(t, {
    fixture: 'slashed',
    after(fastify) {
      fastify.get('/value/:index', (request, reply) => {
        const { index } = request.params as { index: number }
        return reply.nextRender('/', { query: { value: values[index] as string } })
      })
      fastify.get('/list', (_request, reply) => reply.nextRender('/', { query: ['a'] as never }))
    }
  })
  for (const url of [...values.keys()].map(index => `/value/${index}`).concat('/list')) {
    t.match((await fastify.inject(url)).json(), { code: 'FST_NEXT_INVALID_QUERY' }, url)
  }
})

t.test('hooks of the user run, and may change the page', async t => {
  const seen: string[] = []
  const fastify = await ready(t, {
    after(fastify) {
      fastify.get('/own', {
        onSend: async (_request, _reply, payload) => {
          seen.push(`${Buffer.isBuffer(payload)}`)
          return String(payload).replace('A page', 'The page')
        },
        onResponse: async (request, reply) => void seen.push(`${request.url} ${reply.statusCode}`),
        handler: (_request, reply) => reply.nextRender('/static')
      })
      fastify.get('/login', {
        preHandler: async (_request, reply) => reply.code(401).nextRender('/static'),
        handler: async () => seen.push('must not run')
      })
      fastify.setNotFoundHandler((_request, reply) => reply.code(404).nextRender('/static'))
    }
  })
  const { body, headers } = await fastify.inject('/own')
  t.match(body, 'The page that is prerendered')
  t.equal(Number(headers['content-length']), Buffer.byteLength(body))
  t.equal((await fastify.inject('/login')).statusCode, 401)
  const notFound = await fastify.inject({ method: 'TRACE', url: '/x' })
  t.equal(notFound.statusCode, 404)
  t.match(notFound.body, 'A page that is prerendered')
  t.strictSame(seen, ['true', '/own 200'])
})

t.test("navigation of Next's client gets the payload that it asks for", async t => {
  const fastify = await ready(t, {
    fixture: 'slashed',
    after: fastify =>
      fastify.get('/own', (request, reply) =>
        reply.nextRender('/posts/a', { query: { ...(request.query as object), from: 'handler' } })
      )
  })
  const headers = { rsc: '1', 'next-url': '/from' }
  // Next sends who has no checksum of the headers to the URL that has it; 16.2 does not mind.
  const corrected = await fastify.inject({ url: '/shop/posts/a/', headers })
  const [checksum = '_rsc=abcde'] = corrected.headers.location?.match(/_rsc(=\w+)?/) ?? []
  t.match((await fastify.inject({ url: '/own', headers })).headers['content-type'], 'text/html')
  const payload = await fastify.inject({ url: `/own?${checksum}`, headers })
  t.equal(payload.statusCode, 200)
  t.match(payload.headers['content-type'], 'text/x-component')
  t.match(payload.body, 'handler')
})

t.test('a page prints no warning', async t => {
  const warnings: string[] = []
  t.capture(console, 'warn', (...words: unknown[]) => void warnings.push(words.join(' ')))
  const fastify = await ready(t, {
    after(fastify) {
      fastify.get('/page', (_request, reply) => reply.nextRender('/static'))
      fastify.get('/none', (_request, reply) => reply.nextNotFound())
      fastify.get('/error', (_request, reply) => reply.nextRenderError(new Error('e')))
    }
  })
  for (const url of ['/page', '/none', '/error']) await fastify.inject(url)
  t.strictSame(warnings, [])
})

t.test('the root page, and what is no path at all', async t => {
  const fastify = await ready(t, {
    after(fastify) {
      fastify.get('/own', (_request, reply) => reply.nextRender('/', null))
      fastify.get('/none', (_request, reply) => reply.nextRender(undefined as never))
    }
  })
  t.equal((await fastify.inject('/own')).statusCode, 200)
  t.match((await fastify.inject('/none')).json(), { code: 'FST_NEXT_INVALID_PATH' })
})

t.test('the promise resolves when the answer has left, or the client', async t => {
  const started = event('the route')
  setGlobal(t, 'slowRoute', (signal: AbortSignal) => {
    started.happen()
    return once(signal, 'abort')
  })
  const outcomes: string[] = []
  const resolved = event('nextRender()')
  const { port, url } = await serve(t, {
    after(fastify) {
      fastify.get('/answered', async (_request, reply) => {
        await reply.nextRender('/static')
        outcomes.push(`answered ${reply.raw.writableFinished}`)
      })
      fastify.get('/left', async (_request, reply) => {
        await reply.nextRender('/api-route/slow')
        outcomes.push('left')
        resolved.happen()
      })
    }
  })
  await (await fetch(`${url}/answered`)).text()
  const outgoing = get({ host: '127.0.0.1', path: '/left', port })
  outgoing.on('error', () => {})
  await started.happened
  outgoing.destroy()
  await resolved.happened
  t.strictSame(outcomes, ['answered true', 'left'])
})

t.test('what Next is asked', async t => {
  const asked: object[] = []
  const fastify = await ready(t, {
    after(fastify) {
      fastify.nextApp.getRequestHandler = () => async (request, response) => {
        let body = ''
        for await (const chunk of request) body += chunk
        const { complete, httpVersion, httpVersionMajor, httpVersionMinor, method, url } = request
        const version = [httpVersion, httpVersionMajor, httpVersionMinor]
        const headers = { ...request.headers }
        asked.push({ body, complete, headers, method, raw: request.rawHeaders, url, version })
        response.end('page')
      }
      fastify.post('/own', async (_request, reply) => reply.nextRender('/static', { query: {} }))
    }
  })
  const withheld = [
    'content-encoding',
    'expect',
    'if-match',
    'if-modified-since',
    'if-none-match',
    'if-range',
    'if-unmodified-since',
    'next-action',
    'next-resume',
    'range',
    'te',
    'trailer',
    'transfer-encoding',
    'x-matched-path',
    'x-middleware-rewrite',
    'x-next-resume-state-length',
    'x-nextjs-data',
    'x-now-route-matches'
  ]
  const { statusCode } = await fastify.inject({
    method: 'POST',
    url: '/own?q=1',
    payload: { read: 'by Fastify' },
    headers: { ...Object.fromEntries(withheld.map(name => [name, 'x'])), 'user-agent': 'a browser' }
  })
  t.equal(statusCode, 200)
  const headers = { 'user-agent': 'a browser', host: 'localhost:80' }
  t.strictSame(asked, [
    {
      body: '',
      complete: true,
      headers,
      method: 'GET',
      raw: Object.entries(headers).flat(),
      url: '/static',
      version: ['1.1', 1, 1]
    }
  ])
})
