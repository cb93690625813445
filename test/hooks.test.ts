import { AsyncLocalStorage } from 'node:async_hooks'
import { once } from 'node:events'
import { request } from 'node:http'
import { createRequire } from 'node:module'
import { Readable, Transform } from 'node:stream'
import cookie from '@fastify/cookie'
import session from '@fastify/session'
import type { FastifyRequest, onSendAsyncHookHandler } from 'fastify'
import t from 'tap'
import { answered } from './helpers/answered.js'
import { event } from './helpers/event.js'
import { fixturePath } from './helpers/fixture.js'
import { setGlobal } from './helpers/globals.js'
import { ready, serve } from './helpers/serve.js'

declare module 'fastify' {
  interface Session {
    visits?: number
  }
}

const PAGES = ['/static', '/dynamic', '/stream', '/api-route/json', '/legacy', '/hello.txt']
const HEADERS_OF_NEXT = ['x-powered-by', 'x-nextjs-cache', 's-maxage', 'content-encoding', 'etag']

t.test('hooks run around every kind of page, also those added after the registration', async t => {
  const calls: string[] = []
  const fastify = await ready(t, {
    before: fastify => fastify.addHook('onRequest', async () => void calls.push('early')),
    after(fastify) {
      fastify.addHook('onRequest', async () => void calls.push('late'))
      fastify.addHook('preHandler', async () => void calls.push('preHandler'))
      fastify.addHook('onSend', async (_request, reply, payload) => {
        calls.push('onSend')
        reply.header('x-hook', 'onSend')
        return payload
      })
      fastify.addHook('onResponse', async () => void calls.push('onResponse'))
    }
  })
  for (const url of PAGES) {
    calls.length = 0
    const { headers, statusCode } = await fastify.inject(url)
    t.equal(statusCode, 200, url)
    t.equal(headers['x-hook'], 'onSend', url)
    t.strictSame(calls, ['early', 'late', 'preHandler', 'onSend', 'onResponse'], url)
  }
})

t.test('hooks see what the client has sent', async t => {
  const seen: FastifyRequest['raw']['headers'][] = []
  const urls: unknown[] = []
  const look = async ({ raw, url }: FastifyRequest) => {
    seen.push({ ...raw.headers })
    urls.push(url, raw.url)
  }
  const { url } = await serve(t, {
    before(fastify) {
      fastify.addHook('onRequest', look)
      fastify.addHook('onSend', async (request, _reply, payload) => {
        await look(request)
        return payload
      })
    }
  })
  for (const path of ['/old?x=1', '/dynamic?q=2', '/api-route/json', '/hello.txt', '/legacy?y=3']) {
    seen.length = 0
    urls.length = 0
    await answered(url + path, { headers: { 'x-test': 'yes', rsc: '0' }, redirect: 'manual' })
    t.strictSame(seen[1], seen[0], path)
    t.strictSame(new Set(urls), new Set([path]))
  }
})

t.test('hooks do not run in the async context of Next', async t => {
  const storage = new AsyncLocalStorage<string>()
  const stores: unknown[] = []
  const fastify = await ready(t, {
    before(fastify) {
      fastify.addHook('onRequest', (_request, _reply, done) => storage.run('of the hook', done))
      fastify.addHook('onSend', async (_request, _reply, payload) => {
        stores.push(storage.getStore(), workStore(), requestContext())
        return payload
      })
      fastify.addHook('onResponse', async () => {
        stores.push(storage.getStore(), workStore(), requestContext())
      })
    }
  })
  for (const url of PAGES) await fastify.inject(url)
  t.strictSame(
    stores,
    PAGES.flatMap(() => Array(2).fill(['of the hook', undefined, undefined]).flat())
  )
})

t.test('nor do the streams that they pipe a page through', async t => {
  const contexts = new Set<unknown>()
  const look = () => contexts.add(requestContext())
  const { url } = await serve(t, {
    before: fastify =>
      fastify.addHook('onSend', async (_request, _reply, payload) => {
        if (!(payload instanceof Readable)) return payload
        return payload.pipe(
          new Transform({
            transform(chunk, _encoding, done) {
              look()
              done(null, chunk)
            },
            flush(done) {
              look()
              done()
            }
          })
        )
      })
  })
  for (const path of PAGES) await (await fetch(url + path)).text()
  t.strictSame([...contexts], [undefined])
})

/** What Next finds within the calls that the plugin makes of it. */
function requestContext(): unknown {
  const provider = Reflect.get(globalThis, Symbol.for('@next/request-context'))
  return provider.get()
}

function workStore(): unknown {
  const id = 'next/dist/server/app-render/work-async-storage.external'
  return createRequire(fixturePath('package.json'))(id).workAsyncStorage.getStore()
}

t.test('an onSend hook that replaces the payload', async t => {
  const replacements: Record<string, (payload: unknown) => unknown> = {
    string: () => 'replaced',
    buffer: () => Buffer.from('replaced'),
    stream: () => Readable.from(['repla', 'ced']),
    through: payload =>
      (payload instanceof Readable ? payload : Readable.from([payload as Buffer])).pipe(
        new Transform({
          transform: (_chunk, _encoding, done) => done(),
          flush: done => done(null, 'replaced')
        })
      )
  }
  const { url } = await serve(t, {
    before: fastify =>
      fastify.addHook('onSend', async ({ query }, _reply, payload) =>
        replacements[(query as { by: string }).by]?.(payload)
      )
  })
  for (const by of Object.keys(replacements)) {
    for (const page of PAGES) {
      const response = await fetch(`${url}${page}?by=${by}`, {
        headers: { 'accept-encoding': 'identity' }
      })
      t.equal(response.status, 200, `${page} ${by}`)
      t.equal(await response.text(), 'replaced', `${page} ${by}`)
      t.equal(response.headers.get('etag'), null, `${page} ${by}`)
      t.equal(response.headers.get('accept-ranges'), null, `${page} ${by}`)
    }
  }
})

t.test('what an onSend hook sets has the last word', async t => {
  const fastify = await ready(t, {
    before: fastify =>
      fastify.addHook('onSend', async (_request, reply) => {
        reply.code(202).header('etag', '"mine"').header('cache-control', 'max-age=1')
        return 'mine'
      })
  })
  const { body, headers, statusCode } = await fastify.inject('/static')
  t.equal(body, 'mine')
  t.equal(statusCode, 202)
  t.match(headers, { etag: '"mine"', 'cache-control': 'max-age=1', 'content-length': '4' })
})

t.test('a reply that becomes an error has nothing of Next', async t => {
  const setups = {
    'of Fastify': () => {},
    'of the user': (fastify: { setErrorHandler(handler: unknown): unknown }) =>
      fastify.setErrorHandler((error: Error, _request: unknown, reply: { send(x: object): void }) =>
        reply.send({ handled: error.message })
      )
  }
  for (const [name, setup] of Object.entries(setups)) {
    t.test(`error handler ${name}`, async t => {
      let failures = 0
      const { url } = await serve(t, {
        before(fastify) {
          setup(fastify)
          fastify.addHook(
            'onRequest',
            async (_request, reply) => void reply.headers({ 'x-own': 'kept', vary: 'x-own' })
          )
          fastify.addHook('onSend', async (_request, _reply, payload) => {
            if (failures++ === 0) throw new Error('from the hook')
            return payload
          })
        }
      })
      for (const page of [...PAGES, '/api-route/cookies']) {
        failures = 0
        const response = await fetch(url + page)
        const text = JSON.stringify([...response.headers])
        t.equal(response.status, 500, page)
        t.match(await response.text(), 'from the hook', page)
        t.equal(response.headers.get('cache-control'), 'no-store', page)
        t.equal(response.headers.get('x-own'), 'kept', page)
        t.equal(response.headers.get('vary'), 'x-own', page)
        t.equal(response.headers.get('set-cookie'), null, page)
        for (const header of HEADERS_OF_NEXT) t.notMatch(text, header, page)
      }
    })
  }
})

t.test('hooks see what the client has sent after it has left, too', async t => {
  const started = event('the route handler')
  const seen = event<FastifyRequest['raw']['headers']>('onRequestAbort')
  setGlobal(t, 'slowRoute', (signal: AbortSignal) => {
    started.happen()
    return once(signal, 'abort')
  })
  const { port } = await serve(t, {
    before: fastify =>
      fastify.addHook('onRequestAbort', async ({ raw }) => seen.happen({ ...raw.headers }))
  })
  const outgoing = request({ host: '127.0.0.1', path: '/api-route/slow', port })
  outgoing.on('error', () => {})
  outgoing.end()
  await started.happened
  outgoing.destroy()
  t.strictSame(Object.keys(await seen.happened), ['host', 'connection'])
})

t.test('cookies of a hook stay on a reply that becomes an error, and only those', async t => {
  let failures = 0
  const { url } = await serve(t, {
    before(fastify) {
      fastify.addHook('onRequest', async (_request, reply) => {
        reply.header('set-cookie', ['own=1']).header('set-cookie', 'own=2')
      })
      fastify.addHook('onSend', async (_request, _reply, payload) => {
        if (failures++ === 0) throw new Error('from the hook')
        return payload
      })
    }
  })
  const response = await answered(`${url}/api-route/cookies`)
  t.equal(response.status, 500)
  t.strictSame(response.headers.getSetCookie(), ['own=1', 'own=2'])
})

t.test('an onSend hook that another plugin gives each route in onRoute', async t => {
  const body = 'much longer than what Next has written'
  const { url } = await serve(t, {
    before: fastify =>
      fastify.addHook('onRoute', options => {
        const replace: onSendAsyncHookHandler = async () => Readable.from([body])
        options.onSend = [options.onSend ?? [], replace].flat() as typeof options.onSend
      })
  })
  for (const page of PAGES) {
    const response = await fetch(url + page, { headers: { 'accept-encoding': 'identity' } })
    t.equal(await response.text(), body, page)
    t.equal(response.headers.get('content-length'), null, page)
  }
})

t.test(
  'cookies and sessions of Fastify are on the pages of Next, and in no shared cache',
  async t => {
    const { url } = await serve(t, {
      async before(fastify) {
        await fastify.register(cookie)
        await fastify.register(session, {
          secret: 'a secret of at least thirty-two letters',
          cookie: { secure: false }
        })
        fastify.addHook('preHandler', async (request, reply) => {
          request.session.visits = (request.session.visits ?? 0) + 1
          reply.setCookie('own', 'set by a hook')
        })
      }
    })
    for (const page of [...PAGES, '/api-route/cookies']) {
      const response = await answered(url + page)
      const cookies = response.headers.getSetCookie().join('\n')
      t.match(cookies, 'own=set%20by%20a%20hook', page)
      t.match(cookies, 'sessionId=', page)
      t.notMatch(response.headers.get('cache-control') ?? '', /public|s-maxage/, page)
      if (page === '/api-route/cookies') t.match(cookies, /first=1.*second=2/s)
    }
  }
)

t.test("a page's own cookies leave its caching alone", async t => {
  const fastify = await ready(t)
  t.match((await fastify.inject('/static')).headers['cache-control'], 's-maxage=')
})

t.test('a handlerTimeout answers in the place of Next, which is told to stop', async t => {
  const aborted = event('the abort of the route handler')
  setGlobal(t, 'slowRoute', async (signal: AbortSignal) => {
    await once(signal, 'abort')
    aborted.happen()
  })
  const { url } = await serve(t, { server: { handlerTimeout: 200 } })
  const response = await fetch(`${url}/api-route/slow`)
  t.equal(response.status, 503)
  t.match(await response.json(), { code: 'FST_ERR_HANDLER_TIMEOUT' })
  await aborted.happened
})
