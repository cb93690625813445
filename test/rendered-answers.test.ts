import { Readable } from 'node:stream'
import t from 'tap'
import { answered } from './helpers/answered.js'
import { ready, serve } from './helpers/serve.js'

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

t.test('HEAD has the headers of GET', async t => {
  const fastify = await ready(t, {
    after: fastify => fastify.get('/own', (_request, reply) => reply.nextRender('/static'))
  })
  const { date: _date, ...headers } = (await fastify.inject('/own')).headers
  const head = await fastify.inject({ method: 'HEAD', url: '/own' })
  t.equal(head.body, '')
  t.match(head.headers, headers)
})

t.test('no header of bytes that may be replaced', async t => {
  const fastify = await ready(t, {
    after(fastify) {
      fastify.get('/page', (_request, reply) => reply.nextRender('/static'))
      fastify.get('/file', (_request, reply) => reply.nextRender('/hello.txt'))
      fastify.get('/trailers', (_request, reply) => {
        return reply.nextRender('/api/response', { query: { way: 'trailers' } })
      })
      fastify.get('/replaced', {
        onSend: async () => Readable.from(['replaced']),
        handler: (_request, reply) => reply.nextRender('/static')
      })
    }
  })
  for (const url of ['/page', '/file', '/trailers', '/replaced']) {
    const { headers } = await fastify.inject(url)
    for (const name of ['accept-ranges', 'etag', 'trailer'])
      t.notOk(headers[name], `${url} ${name}`)
  }
  const configured = (await fastify.inject('/page')).headers['x-configured']
  t.equal(configured, 'yes', 'those of next.config apply')
  const { body, headers } = await fastify.inject('/replaced')
  t.equal(body, 'replaced')
  t.notOk(headers['content-length'])
})

t.test('a redirect of Next leads where Next says', async t => {
  const fastify = await ready(t, {
    after(fastify) {
      fastify.get('/own', (_request, reply) => {
        return reply.header('location', '/mine').nextRender('/old')
      })
    }
  })
  t.equal((await fastify.inject('/own')).headers.location, '/static')
})

t.test('the status text and the Cache-Control of Next, where they hold for the answer', async t => {
  const NEVER_STORE = /^private, .*no-store/
  const { url } = await serve(t, {
    after(fastify) {
      fastify.nextApp.getRequestHandler = () => async (request, response) => {
        const says = new URL(request.url ?? '', 'http://localhost').searchParams.get('says')
        if (says) response.setHeader('cache-control', says)
        response.writeHead(200, 'Fine').end('page')
      }
      fastify.get('/as/:code', (request, reply) => {
        const { code } = request.params as { code: string }
        return reply.code(Number(code)).nextRender('/static')
      })
    }
  })
  for (const [path, statusText, cacheControl] of [
    ['/as/200', 'Fine', NEVER_STORE],
    ['/as/404', 'Not Found', NEVER_STORE],
    ['/as/200?says=private,max-age=60', 'Fine', /^private,max-age=60$/],
    ['/as/404?says=private,max-age=60', 'Not Found', NEVER_STORE],
    ['/as/200?says=no-store', 'Fine', /^no-store$/],
    ['/as/200?says=max-age=60', 'Fine', NEVER_STORE],
    ['/as/200?says=public', 'Fine', NEVER_STORE]
  ] as const) {
    const response = await answered(`${url}${path}`)
    t.equal(response.statusText, statusText, path)
    t.match(response.headers.get('cache-control'), cacheControl)
  }
})

t.test('a page that a hook rejects, in place of an error, leaves plain JSON', async t => {
  const { url } = await serve(t, {
    after(fastify) {
      fastify.register(async scope => {
        scope.addHook('onSend', async (_request, _reply, payload) => {
          if (typeof payload !== 'string') throw new Error('the hook')
          return payload
        })
        scope.setErrorHandler((error, request, reply) => {
          if (request.url === '/page') return reply.code(500).nextRender('/static')
          if (request.url === '/missing') return reply.nextNotFound()
          return reply.nextRenderError(error)
        })
        for (const path of ['/page', '/missing', '/error']) {
          scope.get(path, async () => {
            throw new Error('the handler')
          })
        }
      })
      fastify.get('/fine', (_request, reply) => reply.nextRender('/static'))
    }
  })
  for (const path of ['/page', '/missing', '/error']) {
    const response = await fetch(`${url}${path}`)
    t.notOk(response.headers.get('content-encoding'), path)
    t.match(await response.json(), { message: 'the hook' })
  }
  t.equal((await answered(`${url}/fine`)).headers.get('content-encoding'), 'gzip')
})
