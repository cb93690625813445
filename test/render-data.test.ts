import t from 'tap'
import { count } from './helpers/lane.js'
import { ready, serve } from './helpers/serve.js'

const REGISTRY = Symbol.for('fastify-next.render-data')
const kept = () => (globalThis as { [REGISTRY]?: Map<string, unknown> })[REGISTRY]

for (const [router, page] of [
  ['App Router', '/dynamic'],
  ['Pages Router', '/legacy']
] as const) {
  t.test(`a page of the ${router} reads what the handler has loaded`, async t => {
    const { fastify, url } = await serve(t, {
      fixture: 'data',
      after(fastify) {
        fastify.get('/user/:name', (request, reply) => {
          return reply.nextRender(page, { data: request.params })
        })
        fastify.get('/nobody', (_request, reply) => reply.nextRender(page))
      }
    })
    const textOf = async (path: string, headers = {}) => {
      const response = await fetch(`${url}${path}`, { headers })
      t.match(response.headers.get('cache-control'), /private|no-store/)
      const [, text = ''] =
        (await response.text()).match(/<p id="data">The handler said (.*?)<\/p>/) ?? []
      return text.replaceAll('&quot;', '"')
    }
    t.equal(await textOf('/user/ada'), '{"name":"ada"}')
    const nothing = router === 'App Router' ? 'undefined' : 'null'
    t.equal(await textOf('/nobody'), nothing)
    t.equal(await textOf(page), nothing, 'nor does the page under its own URL')

    const names = Array.from({ length: count(50, 2_000) }, (_, index) => `user${index}`)
    const answers = await Promise.all(names.map(name => textOf(`/user/${name}`)))
    t.strictSame(
      answers,
      names.map(name => `{"name":"${name}"}`),
      'each has its own'
    )

    await fastify.close()
    t.equal(kept(), undefined, 'nothing is kept')
  })
}

t.test('a client can not ask for the data of another request', async t => {
  const fastify = await ready(t, {
    fixture: 'data',
    after(fastify) {
      fastify.get('/secret', {
        // While the first request is open, its id is known to the page only.
        onSend: async (_request, _reply, payload) => {
          const [id = ''] = kept()?.keys() ?? []
          forged.push((await fastify.inject({ url: '/forged', headers: nameOf(id) })).body)
          return payload
        },
        handler: (_request, reply) => reply.nextRender('/dynamic', { data: 'a secret' })
      })
      fastify.get('/forged', (_request, reply) => reply.nextRender('/dynamic'))
    }
  })
  const forged: string[] = []
  const nameOf = (id: string) => ({ 'x-fastify-next-render': id })
  t.match((await fastify.inject('/secret')).body, 'a secret')
  t.equal(forged.length, 1)
  t.notMatch(forged[0], 'a secret')
})

t.test('what is prerendered or cached never holds the data of a request', async t => {
  const fastify = await ready(t, {
    fixture: 'data',
    after(fastify) {
      for (const page of ['/static', '/cached']) {
        fastify.get(`/own${page}`, (_request, reply) => {
          return reply.nextRender(page, { data: 'a secret' })
        })
      }
    }
  })
  t.match((await fastify.inject('/own/static')).body, 'The handler said undefined')
  t.match((await fastify.inject('/own/cached')).body, 'The cached function failed')
  t.match((await fastify.inject('/cached')).body, 'The cached function failed')
})
