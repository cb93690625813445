import t from 'tap'
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
        reply.nextRender('/posts//c')
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
  const away = await fetch(`${url}/returned?away=1`, { redirect: 'manual' })
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
  for (const slug of ['..%2f', '.%2f', '%252e%252E', '..%5c', 'x%2f..%2fy', '.%09.%2f', '%0d%0a']) {
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

t.test('the status of the reply stays, unless Next redirects or fails', async t => {
  const fastify = await ready(t, {
    after(fastify) {
      fastify.get('/as/:code/*', (request, reply) => {
        const { code, '*': path } = request.params as { code: string; '*': string }
        return reply.code(Number(code)).nextRender(`/${path}`)
      })
    }
  })
  for (const [url, expected] of [
    ['/as/200/static', 200],
    ['/as/200/missing', 404],
    ['/as/503/static', 503],
    ['/as/404/stream', 404],
    ['/as/503/missing', 503],
    ['/as/404/throws', 500],
    ['/as/503/old', 307]
  ] as const) {
    const { body, headers, statusCode } = await fastify.inject(url)
    t.equal(statusCode, expected, url)
    t.equal(headers.location, expected === 307 ? '/static' : undefined)
    t.notMatch(headers['content-type'] ?? '', 'octet-stream')
    t.notMatch(body, 'secret of the page')
  }
})

t.test('the headers of the reply stay, but for those of the bytes', async t => {
  const fastify = await ready(t, {
    after(fastify) {
      fastify.addHook('onRequest', async (_request, reply) => {
        reply.header('vary', 'Origin').type('application/json')
      })
      fastify.get('/own', (_request, reply) => {
        reply.header('cache-control', 'public, max-age=60').header('x-configured', 'by the handler')
        return reply.header('content-length', '1').nextRender('/static')
      })
      fastify.get('/encoded', (_request, reply) => {
        reply.header('content-encoding', 'gzip').header('content-range', 'bytes 0-1/2')
        return reply.header('etag', '"mine"').header('content-length', '1').nextRender('/static')
      })
      fastify.get('/policy', (_request, reply) => {
        reply.header('content-security-policy', 'mine').header('content-disposition', 'attachment')
        return reply.nextRender('/static')
      })
      fastify.get('/cookies', (_request, reply) => {
        return reply.header('set-cookie', 'mine=1').nextRender('/api-route/cookies')
      })
    }
  })
  const { body, headers } = await fastify.inject('/own')
  t.match(body, /^<!DOCTYPE html>.*<\/html>$/)
  t.equal(Number(headers['content-length']), Buffer.byteLength(body))
  t.equal(headers['content-type'], 'text/html; charset=utf-8')
  t.equal(headers['cache-control'], 'public, max-age=60')
  t.equal(headers['x-configured'], 'by the handler')
  t.match(headers.vary, /^Origin, rsc/)

  for (const encoding of ['identity', 'gzip']) {
    const encoded = await fastify.inject({
      url: '/encoded',
      headers: { 'accept-encoding': encoding }
    })
    t.equal(encoded.headers['content-encoding'], encoding === 'gzip' ? 'gzip' : undefined)
    t.notOk(encoded.headers['content-range'] ?? encoded.headers.etag)
    t.ok(encoded.rawPayload.length > 100)
  }
  const policy = await fastify.inject('/policy')
  t.match(policy.headers, {
    'content-security-policy': 'mine',
    'content-disposition': 'attachment'
  })

  const cookies = (await fastify.inject('/cookies')).headers['set-cookie'] as string[]
  t.equal(cookies[0], 'mine=1')
  t.ok(cookies.length > 1, 'and those of Next')
})

t.test('no shared cache keeps a page under the URL of a handler, unless it says so', async t => {
  const fastify = await ready(t, {
    after(fastify) {
      fastify.addHook(
        'onSend',
        async (_request, reply) => void reply.header('set-cookie', 'late=1')
      )
      fastify.get('/own', (_request, reply) => reply.nextRender('/static'))
      fastify.get('/failed', (_request, reply) => reply.code(500).nextRender('/static'))
      fastify.get('/aged', (_request, reply) => reply.nextRender('/api-route/aged'))
    }
  })
  t.match((await fastify.inject('/static')).headers['x-nextjs-cache'], 'HIT')
  for (const url of ['/own', '/failed', '/aged']) {
    const { headers } = await fastify.inject(url)
    t.equal(headers['set-cookie'], 'late=1')
    t.match(headers['cache-control'], /^private, .*no-store/, url)
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

t.test('HEAD has the headers of GET', async t => {
  const fastify = await ready(t, {
    after: fastify => fastify.get('/own', (_request, reply) => reply.nextRender('/static'))
  })
  const { date: _date, ...headers } = (await fastify.inject('/own')).headers
  const head = await fastify.inject({ method: 'HEAD', url: '/own' })
  t.equal(head.body, '')
  t.match(head.headers, headers)
})

t.test('a page that becomes an error leaves nothing of Next behind', async t => {
  const { url } = await serve(t, {
    after(fastify) {
      const failing = async (): Promise<never> => {
        throw Object.assign(new Error('the hook'), { statusCode: 503 })
      }
      fastify.get('/own', {
        onSend: failing,
        handler: (_request, reply) => reply.nextRender('/static')
      })
      fastify.register(async scope => {
        scope.setErrorHandler((error, _request, reply) => {
          return reply.code((error as { statusCode: number }).statusCode).nextRender('/static')
        })
        scope.get('/twice', { onSend: failing, handler: async () => 'text' })
      })
    }
  })
  for (const path of ['/own', '/twice']) {
    // fetch() asks for gzip and fails if plain JSON is said to be that.
    const response = await fetch(`${url}${path}`)
    t.equal(response.status, 503, path)
    t.match(await response.json(), { message: 'the hook' })
    t.notOk(response.headers.get('content-encoding'))
    t.notMatch(response.headers.get('cache-control') ?? '', 's-maxage')
  }
})

t.test("navigation of Next's client gets the payload that it asks for", async t => {
  const fastify = await ready(t, {
    fixture: 'slashed',
    after: fastify =>
      fastify.get('/own', (_request, reply) =>
        reply.nextRender('/posts/a', { query: { from: 'handler' } })
      )
  })
  const headers = { rsc: '1', 'next-url': '/from' }
  // Next sends who has no checksum of the headers to the URL that has it.
  const corrected = await fastify.inject({ url: '/shop/posts/a/', headers })
  const [checksum] = String(corrected.headers.location).match(/_rsc(=\w+)?/) ?? []
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

t.test('a reply is answered once', async t => {
  const warnings: string[] = []
  const stream = { write: (line: string) => void warnings.push(JSON.parse(line).err?.code) }
  const { url } = await serve(t, {
    server: { logger: { level: 'warn', stream } },
    after(fastify) {
      fastify.get('/twice', async (_request, reply) => {
        reply.nextRender('/stream')
        await reply.nextRender('/static')
      })
      fastify.get('/sent', async (_request, reply) => {
        reply.send('text')
        await reply.nextRender('/static')
      })
      fastify.get('/hijacked', async ({ raw }, reply) => {
        reply.hijack()
        await reply.nextNotFound()
        reply.raw.end(`of ${raw.url}`)
      })
      fastify.get('/overtaken', (_request, reply) => {
        reply.nextRender('/static')
        reply.send('text')
      })
    }
  })
  for (const [path, text] of [
    ['/twice', /^<!DOCTYPE((?!<!DOCTYPE).)*The slow part((?!<!DOCTYPE).)*$/s],
    ['/sent', /^text$/],
    ['/hijacked', /^of \/hijacked$/],
    ['/overtaken', /^text$/]
  ] as const) {
    t.match(await (await fetch(`${url}${path}`)).text(), text, path)
  }
  t.strictSame(warnings, Array(4).fill('FST_NEXT_ALREADY_ANSWERED'))
})

t.test('a hook for which the answer waits can not answer', async t => {
  const { url } = await serve(t, {
    after(fastify) {
      fastify.get('/on-send', {
        onSend: async (_request, reply) => reply.nextNotFound() as never,
        handler: async () => 'text'
      })
      fastify.get('/on-error', {
        onError: async (_request, reply) => reply.nextNotFound(),
        handler: async () => {
          throw new Error('boom')
        }
      })
    }
  })
  const failed = await fetch(`${url}/on-send`)
  t.equal(failed.status, 500)
  t.match(await failed.json(), { code: 'FST_NEXT_ALREADY_ANSWERED' })
  await t.rejects(fetch(`${url}/on-error`), 'the connection is cut')
})
