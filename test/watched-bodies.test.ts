import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { isAnswerOf, overEveryProtocol } from './helpers/protocols.js'

t.test('a preParsing hook may watch the body that Next reads', async t => {
  let watched = ''
  const setup = {
    before: (fastify: FastifyInstance) =>
      fastify.addHook('preParsing', (_request, _reply, payload, done) => {
        payload.on('data', chunk => {
          watched += chunk
        })
        done(null, payload)
      })
  }
  await overEveryProtocol(t, setup, async (t, { client, kinds }) => {
    for (const kind of await kinds()) {
      watched = ''
      isAnswerOf(t, kind, await client.ask(kind))
      t.equal(watched, kind.body ?? '', kind.name)
    }
    for (const size of [1, 100_000, 3_000_000]) {
      watched = ''
      const echo = { method: 'POST', path: '/api-route/echo', body: 'x'.repeat(size) }
      t.match((await client.ask(echo)).body, `"length":${size},`)
      t.equal(watched.length, size)
    }
  })
})
