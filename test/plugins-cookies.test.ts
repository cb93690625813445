import cookie from '@fastify/cookie'
import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { isAnswerOf, overEveryProtocol } from './helpers/protocols.js'

t.test('@fastify/cookie: cookies of hooks arrive along with those of Next', async t => {
  const setup = {
    async before(fastify: FastifyInstance) {
      await fastify.register(cookie)
      fastify.addHook('onRequest', async ({ cookies }, reply) => {
        reply.setCookie('early', `for ${cookies.visitor ?? 'nobody'}`)
      })
      fastify.addHook('onSend', async (_request, reply, payload) => {
        reply.setCookie('late', 'yes', { path: '/', httpOnly: true })
        return payload
      })
    }
  }
  await overEveryProtocol(t, setup, async (t, { client, kinds }) => {
    const late = 'late=yes; Path=/; HttpOnly; SameSite=Lax'
    for (const kind of await kinds()) {
      const headers = { ...kind.headers, cookie: 'visitor=ada; other=1' }
      const reply = await client.ask({ ...kind, headers })
      isAnswerOf(t, kind, reply)
      const ofNext = kind.method === 'POST' ? ['saved=ada; Path=/'] : []
      const expected = ['early=for%20ada; SameSite=Lax', late, ...ofNext]
      t.strictSame([...reply.cookies].sort(), expected, kind.name)
      if (kind.path.startsWith('/dynamic')) t.match(reply.body, '<dd id="visitor">ada</dd>')
    }
    const { cookies } = await client.ask('/api-route/cookies')
    t.strictSame([...cookies].sort(), [
      'early=for%20nobody; SameSite=Lax',
      'first=1; Path=/',
      late,
      'second=2; Path=/'
    ])
  })
})
