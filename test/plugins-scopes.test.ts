import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { isAnswerOf, overEveryProtocol } from './helpers/protocols.js'
import { ready } from './helpers/serve.js'

t.test('encapsulated hooks are for the routes of fastify.next() in their scope', async t => {
  const calls: string[] = []
  const note = (name: string) => async () => void calls.push(name)
  const setup = {
    after(fastify: FastifyInstance) {
      fastify.register(async scope => {
        scope.addHook('onRequest', note('scope'))
        scope.addHook('onSend', async (_request, reply, payload) => {
          calls.push('onSend')
          reply.header('x-scope', 'yes')
          return payload
        })
        for (const path of ['/static', '/dynamic', '/stream', '/api-route/json', '/action']) {
          scope.next(path, { method: ['GET', 'POST'], preHandler: note('route') })
        }
        scope.register(async inner => {
          inner.addHook('onRequest', note('inner'))
          inner.next('/hello.txt')
        })
      })
    }
  }
  await overEveryProtocol(t, setup, async (t, { client, kinds }) => {
    for (const kind of await kinds()) {
      calls.length = 0
      const reply = await client.ask(kind)
      isAnswerOf(t, kind, reply)
      t.strictSame(calls, ['scope', 'route', 'onSend'], kind.name)
      t.equal(reply.headers['x-scope'], 'yes', kind.name)
    }
    calls.length = 0
    t.equal((await client.ask('/hello.txt')).headers['x-scope'], 'yes')
    t.strictSame(calls, ['scope', 'inner', 'onSend'])
    calls.length = 0
    t.equal((await client.ask('/legacy')).headers['x-scope'], undefined)
    t.strictSame(calls, [], 'the catch-all is outside of the scope')
  })
})

t.test('printRoutes() shows what the plugin has added', async t => {
  const all = 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS'
  const cases = [
    {
      options: {},
      tree: [
        '└── (empty root node)',
        '    ├── /',
        '    │   ├── static (GET, HEAD)',
        '    │   └── action (GET, POST, HEAD)',
        `    └── * (${all}) {"next":"basePath"}`
      ]
    },
    {
      options: { catchAll: false },
      tree: [
        '└── /',
        '    ├── _next/',
        `    │   └── * (${all})`,
        '    ├── static (GET, HEAD)',
        '    └── action (GET, POST, HEAD)'
      ]
    }
  ]
  for (const { options, tree } of cases) {
    const fastify = await ready(t, {
      options,
      after(fastify) {
        fastify.next('/static')
        fastify.next('/action', { method: ['GET', 'POST'] })
      }
    })
    t.equal(fastify.printRoutes(), `${tree.join('\n')}\n`)
    await fastify.close()
  }
})
