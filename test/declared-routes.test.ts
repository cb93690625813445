import t from 'tap'
import { ready, serve } from './helpers/serve.js'

t.test('catchAll: false leaves all but the files of Next and the declared routes', async t => {
  const fastify = await ready(t, {
    options: { catchAll: false },
    after(fastify) {
      fastify.next('/static')
      fastify.next('/blog/:slug')
      fastify.next('/api-route/echo', { method: ['POST', 'PUT'] })
    }
  })
  const page = await fastify.inject('/static')
  t.match(page.body, 'A page that is prerendered')
  t.match((await fastify.inject('/blog/a')).body, 'Blog')
  t.equal((await fastify.inject({ method: 'PUT', url: '/api-route/echo' })).statusCode, 200)
  t.equal((await fastify.inject('/dynamic')).json().message, 'Route GET:/dynamic not found')
  t.equal((await fastify.inject({ method: 'POST', url: '/static' })).statusCode, 404)

  const [script] = page.body.match(/\/_next\/static\/[^"]+\.js/) ?? []
  t.equal((await fastify.inject(String(script))).statusCode, 200)
})

t.test('a route takes HEAD with GET, and has the length that Next gives', async t => {
  const fastify = await ready(t, { after: fastify => fastify.next('/static') })
  const page = await fastify.inject('/static')
  const head = await fastify.inject({ method: 'HEAD', url: '/static' })
  t.equal(head.statusCode, 200)
  t.equal(head.body, '')
  t.equal(head.headers['content-length'], page.headers['content-length'])
})

t.test('a route takes the options of Fastify', async t => {
  const calls: string[] = []
  const fastify = await ready(t, {
    options: { catchAll: false },
    after(fastify) {
      fastify.next('/dynamic', {
        config: { mine: true } as object,
        constraints: { host: 'one.example' },
        schema: { querystring: { type: 'object', required: ['q'] } },
        onRequest: async request =>
          void calls.push(`onRequest ${JSON.stringify(request.routeOptions.config)}`),
        preParsing: async (_request, _reply, payload) => {
          calls.push('preParsing')
          return payload
        },
        onSend: async (_request, reply, payload) => {
          calls.push('onSend')
          reply.header('x-route', 'declared')
          return payload
        },
        errorHandler: (error, _request, reply) => reply.code(418).send({ mine: error.message })
      })
    }
  })
  const headers = { host: 'one.example' }
  const page = await fastify.inject({ url: '/dynamic?q=1', headers })
  t.equal(page.statusCode, 200)
  t.equal(page.headers['x-route'], 'declared')
  t.match(calls, [/^onRequest .*"mine":true/, 'preParsing', 'onSend'])

  const invalid = await fastify.inject({ url: '/dynamic', headers })
  t.equal(invalid.statusCode, 418)
  t.match(invalid.json(), { mine: /must have required property 'q'/ })
  t.equal((await fastify.inject('/dynamic?q=1')).statusCode, 404)
})

t.test('a route has the hooks of the scope that declares it', async t => {
  const fastify = await ready(t, {
    after: fastify =>
      fastify.register(
        async scope => {
          scope.addHook(
            'onRequest',
            async (_request, reply) => void reply.header('x-scope', 'inner')
          )
          scope.next('/dynamic')
          scope.next('/static', {
            preHandler: async (_request, reply) => reply.code(401).send('no')
          })
        },
        { logLevel: 'silent' }
      )
  })
  const inner = await fastify.inject('/dynamic')
  t.equal(inner.headers['x-scope'], 'inner')
  t.match(inner.body, 'id="query"')
  t.equal((await fastify.inject('/static')).statusCode, 401)
  t.notOk((await fastify.inject('/')).headers['x-scope'])
})

t.test('a handler gets the app, the request and the reply', async t => {
  const { fastify, url } = await serve(t, {
    after(fastify) {
      fastify.next('/own', async (app, request, reply) => {
        reply.header('x-own', request.method)
        return { same: app === fastify.nextApp }
      })
      fastify.next('/with-options', { method: 'POST' }, (_app, _request, reply) =>
        reply.send('sent')
      )
      fastify.next('/by-hand', async (app, request, reply) => {
        reply.hijack()
        request.raw.url = '/api-route/json'
        await app.getRequestHandler()(request.raw, reply.raw)
      })
    }
  })
  const own = await fastify.inject('/own')
  t.strictSame(own.json(), { same: true })
  t.equal(own.headers['x-own'], 'GET')
  t.equal((await fastify.inject({ method: 'POST', url: '/with-options' })).body, 'sent')
  const byHand = await fetch(`${url}/by-hand`)
  t.strictSame(await byHand.json(), { hello: 'next' })
})

t.test('a handler sees a malformed content type', async t => {
  const fastify = await ready(t, {
    after: fastify =>
      fastify.next('/own', { method: 'POST' }, async (_app, { headers }) => headers['content-type'])
  })
  const { body } = await fastify.inject({
    method: 'POST',
    url: '/own',
    headers: { 'content-type': ';;;' },
    payload: 'x'
  })
  t.equal(body, ';;;')
})

t.test('what a hook puts on the raw request reaches getServerSideProps', async t => {
  const fastify = await ready(t, {
    after: fastify =>
      fastify.next('/legacy', {
        onRequest: async request => void Object.assign(request.raw, { fromHook: 'a user' })
      })
  })
  t.match((await fastify.inject('/legacy')).body, /a user/)
})
