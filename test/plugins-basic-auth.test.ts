import basicAuth from '@fastify/basic-auth'
import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { isAnswerOf, overEveryProtocol } from './helpers/protocols.js'

function credentials(name: string, password: string): string {
  return `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`
}

t.test('@fastify/basic-auth: a page is for who has the password', async t => {
  const setup = {
    async before(fastify: FastifyInstance) {
      await fastify.register(basicAuth, {
        authenticate: { realm: 'Pages' },
        validate: async (name, password) => {
          if (name !== 'ada' || password !== 'right') throw new Error('a stranger')
        }
      })
      fastify.addHook('onRequest', (request, reply, done) => {
        // The form that the test reads the action from is for everybody.
        if (request.method === 'GET' && request.url === '/action') done()
        else fastify.basicAuth(request, reply, done)
      })
    }
  }
  await overEveryProtocol(t, setup, async (t, { client, kinds }) => {
    for (const kind of await kinds()) {
      const ask = (authorization: string) =>
        client.ask({ ...kind, headers: { ...kind.headers, authorization } })
      for (const refused of [await client.ask(kind), await ask(credentials('ada', 'wrong'))]) {
        t.equal(refused.status, 401, kind.name)
        t.match(refused.headers['www-authenticate'], /^Basic realm="Pages"/, kind.name)
        t.equal(refused.headers['x-powered-by'], undefined, kind.name)
        t.strictSame(refused.cookies, [], kind.name)
        t.match(JSON.parse(refused.body), { statusCode: 401 }, kind.name)
      }
      isAnswerOf(t, kind, await ask(credentials('ada', 'right')))
    }
  })
})
