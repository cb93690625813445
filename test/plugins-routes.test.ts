import accepts from '@fastify/accepts'
import fastifyStatic from '@fastify/static'
import swagger from '@fastify/swagger'
import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { fixturePath } from './helpers/fixture.js'
import { isAnswerOf, overEveryProtocol } from './helpers/protocols.js'
import { ready } from './helpers/serve.js'

t.test('@fastify/accepts: hooks negotiate for the pages of Next', async t => {
  const setup = {
    async before(fastify: FastifyInstance) {
      await fastify.register(accepts)
      fastify.addHook('preHandler', async (request, reply) => {
        reply.header('x-language', request.language(['de', 'en']) || 'none')
        if (request.type(['html', 'json']) === false) return reply.code(406).send('Neither')
      })
    }
  }
  await overEveryProtocol(t, setup, async (t, { client, kinds }) => {
    for (const kind of await kinds()) {
      const ask = (accept: string) => {
        const headers = { ...kind.headers, accept, 'accept-language': 'fr, en;q=0.8, de;q=0.5' }
        return client.ask({ ...kind, headers })
      }
      const reply = await ask('text/html, */*;q=0.1')
      isAnswerOf(t, kind, reply)
      t.equal(reply.headers['x-language'], 'en', kind.name)
      const refused = await ask('image/png')
      t.equal(refused.status, 406, kind.name)
      t.equal(refused.body, 'Neither', kind.name)
    }
  })
})

t.test('@fastify/static: its files beside the pages and the files of Next', async t => {
  const setup = {
    async before(fastify: FastifyInstance) {
      await fastify.register(fastifyStatic, { root: fixturePath('app'), prefix: '/files/' })
      fastify.get('/one-file', (_request, reply) => reply.sendFile('next.config.mjs'))
    }
  }
  await overEveryProtocol(t, setup, async (t, { client, kinds }) => {
    for (const kind of await kinds()) isAnswerOf(t, kind, await client.ask(kind))
    for (const path of ['/files/next.config.mjs', '/one-file']) {
      const { status, headers, body } = await client.ask(path)
      t.equal(status, 200, path)
      t.match(headers['content-type'], 'javascript', path)
      t.match(body, 'x-configured', path)
      t.equal(headers['x-powered-by'], undefined, path)
    }
    const missing = await client.ask('/files/missing.txt')
    t.equal(missing.status, 404)
    t.match(JSON.parse(missing.body), { error: 'Not Found' }, 'below its prefix Next is not asked')
    const ofNext = await client.ask('/hello.txt')
    t.equal(ofNext.status, 200)
    const { body: html } = await client.ask('/static')
    const [asset] = html.match(/\/_next\/static\/[^"]+\.js/) ?? []
    t.equal((await client.ask(String(asset))).status, 200)
  })
})

t.test('@fastify/swagger: it documents the routes of Fastify', async t => {
  const params = { type: 'object', properties: { id: { type: 'integer' } } }
  const schema = { summary: 'Reads a thing', params }
  const fastify = await ready(t, {
    before: fastify => fastify.register(swagger, { openapi: {} }),
    after(fastify) {
      fastify.get('/things/:id', { schema }, async () => ({}))
      fastify.next('/dynamic', { schema: { summary: 'A page', hide: false } })
      fastify.next('/static', { schema: { hide: true } })
    }
  })
  const { paths = {} } = fastify.swagger() as { paths?: Record<string, unknown> }
  t.match(paths['/things/{id}'], { get: { summary: 'Reads a thing' } })
  t.match(paths['/dynamic'], { get: { summary: 'A page' } })
  t.notOk('/static' in paths)
  t.equal((await fastify.inject('/dynamic?q=1')).statusCode, 200)
})

t.test('@fastify/swagger: the routes of Next do not clutter it', async t => {
  for (const options of [{}, { catchAll: false }]) {
    const fastify = await ready(t, {
      options,
      before: fastify => fastify.register(swagger, { openapi: {} }),
      after(fastify) {
        fastify.get('/things', async () => ({}))
        fastify.next('/static')
        fastify.next('/dynamic', { schema: { summary: 'A page' } })
        fastify.next('/version', async () => ({ version: 1 }))
      }
    })
    const { paths = {} } = fastify.swagger() as { paths?: object }
    t.strictSame(Object.keys(paths).sort(), ['/dynamic', '/things', '/version'])
  }
})
