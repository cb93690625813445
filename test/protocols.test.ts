import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { isAnswerOf, overEveryProtocol } from './helpers/protocols.js'

const HOOKS = ['onRequest', 'preParsing', 'preValidation', 'preHandler', 'onSend', 'onResponse']
/** Not allowed in HTTP/2: RFC 9113, 8.2.2. */
const OF_A_CONNECTION = ['connection', 'keep-alive', 'transfer-encoding']

t.test('each kind of page over each protocol, with all hooks around it', async t => {
  const calls: string[] = []
  let onResponse = (): void => {}
  const setup = {
    before(fastify: FastifyInstance) {
      for (const name of HOOKS.slice(0, 4)) {
        fastify.addHook(name as 'onRequest', async (request, reply) => {
          calls.push(name)
          const { httpVersion, socket } = request.raw
          reply.header(`x-${name}`, `${httpVersion} ${'encrypted' in socket}`)
        })
      }
      fastify.addHook('onSend', async (_request, reply, payload) => {
        calls.push('onSend')
        reply.header('x-onSend', 'yes')
        return payload
      })
      fastify.addHook('onResponse', async () => {
        calls.push('onResponse')
        onResponse()
      })
    }
  }
  await overEveryProtocol(t, setup, async (t, { client, kinds, protocol }) => {
    for (const kind of await kinds()) {
      calls.length = 0
      const responded = new Promise<void>(resolve => {
        onResponse = resolve
      })
      const reply = await client.ask(kind)
      await responded
      isAnswerOf(t, kind, reply)
      t.strictSame(calls, HOOKS, kind.name)
      for (const name of HOOKS.slice(0, 4)) {
        const expected = `${protocol.version} ${protocol.isSecure}`
        t.equal(reply.headers[`x-${name.toLowerCase()}`], expected, `${kind.name} ${name}`)
      }
      t.equal(reply.headers['x-onsend'], 'yes', kind.name)
      if (protocol.version === '2.0') {
        for (const name of OF_A_CONNECTION) t.notOk(name in reply.headers, `${kind.name} ${name}`)
      }
      if (kind.method === 'POST') t.match(reply.cookies[0], /^saved=ada;/)
    }
  })
})
