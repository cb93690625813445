import { connect } from 'node:net'
import t from 'tap'
import { event } from './helpers/event.js'
import { count } from './helpers/lane.js'
import { ready, serve } from './helpers/serve.js'

const REGISTRY = Symbol.for('fastify-next.render-data')
const kept = () => (globalThis as { [REGISTRY]?: Map<string, unknown> })[REGISTRY]

for (const [router, page] of [
  ['App Router', '/account'],
  ['Pages Router', '/legacy-account']
] as const) {
  t.test(`a page of the ${router} reads what the handler has loaded`, async t => {
    const { fastify, url } = await serve(t, {
      fixture: 'data',
      after(fastify) {
        fastify.get('/user/:user', (request, reply) => {
          return reply.nextRender(page, { data: request.params })
        })
        fastify.get('/nobody', (_request, reply) => reply.nextRender(page))
      }
    })
    const headingOf = async (path: string) => {
      const response = await fetch(`${url}${path}`)
      t.match(response.headers.get('cache-control'), /private|no-store/)
      return (await response.text()).match(/<h1>(.*?)<\/h1>/)?.[1]
    }
    t.equal(await headingOf('/user/ada'), 'Hello ada')
    t.equal(await headingOf('/nobody'), 'Who are you?')
    t.equal(await headingOf(page), 'Who are you?', 'nor under its own URL')

    for (let round = 0; round < count(1, 40); round++) {
      const users = Array.from({ length: 50 }, (_, index) => `user${round}-${index}`)
      const headings = await Promise.all(users.map(user => headingOf(`/user/${user}`)))
      const expected = users.map(user => `Hello ${user}`)
      t.strictSame(headings, expected, 'each has its own')
    }

    await fastify.close()
    t.equal(kept(), undefined, 'nothing is kept')
  })
}

t.test('nothing is kept for a client that has left', async t => {
  const left = event('the client')
  const rendered = event('the page')
  const { port } = await serve(t, {
    fixture: 'data',
    after(fastify) {
      fastify.get('/late', async ({ raw }, reply) => {
        raw.socket.once('close', () => left.happen())
        await left.happened
        await reply.nextRender('/account', { data: { user: 'a secret' } })
        rendered.happen()
      })
    }
  })
  const socket = connect(port, '127.0.0.1')
  socket.write('GET /late HTTP/1.1\r\nHost: localhost\r\n\r\n', () => socket.destroy())
  await rendered.happened
  t.equal(kept(), undefined)
})

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
        handler: (_request, reply) => reply.nextRender('/account', { data: { user: 'a secret' } })
      })
      fastify.get('/forged', (_request, reply) => reply.nextRender('/account'))
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
          return reply.nextRender(page, { data: { user: 'a secret' } })
        })
      }
    }
  })
  t.match((await fastify.inject('/own/static')).body, 'Who are you?')
  t.match((await fastify.inject('/own/cached')).body, 'The cached function failed')
  t.match((await fastify.inject('/cached')).body, 'The cached function failed')
})
