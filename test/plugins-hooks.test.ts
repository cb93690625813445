import { Readable } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { isAnswerOf, overEveryProtocol } from './helpers/protocols.js'

const OF_NEXT = ['x-powered-by', 'x-nextjs-cache', 'etag', 'location', 'x-route']

t.test('an onSend hook changes headers, status and payload', async t => {
  const setup = {
    before: (fastify: FastifyInstance) =>
      fastify.addHook('onSend', async ({ query }, reply, payload) => {
        const { change } = query as { change?: string }
        if (change === undefined) return payload
        reply.code(207).header('x-hook', change).removeHeader('x-powered-by')
        return change === 'stream' ? Readable.from(['chan', 'ged']) : 'changed'
      })
  }
  await overEveryProtocol(t, setup, async (t, { client, kinds }) => {
    for (const { path, name, ...kind } of await kinds()) {
      for (const change of ['string', 'stream']) {
        const separator = path.includes('?') ? '&' : '?'
        const ask = { ...kind, path: `${path}${separator}change=${change}` }
        const { status, headers, body } = await client.ask(ask)
        t.equal(status, 207, name)
        t.equal(body, 'changed', name)
        t.equal(headers['x-hook'], change, name)
        t.equal(headers['x-powered-by'], undefined, name)
        t.equal(headers['content-length'], change === 'stream' ? undefined : '7', name)
      }
    }
  })
})

t.test('an onSend hook that throws', async t => {
  const setup = {
    before: (fastify: FastifyInstance) =>
      fastify.addHook('onSend', async ({ headers }, reply, payload) => {
        if (headers['x-throw'] && reply.statusCode < 400) {
          throw Object.assign(new Error('from the hook'), { statusCode: 418 })
        }
        return payload
      })
  }
  await overEveryProtocol(t, setup, async (t, { client, kinds }) => {
    for (const kind of await kinds()) {
      const reply = await client.ask({ ...kind, headers: { ...kind.headers, 'x-throw': 'yes' } })
      t.equal(reply.status, 418, kind.name)
      t.match(JSON.parse(reply.body), { message: 'from the hook', statusCode: 418 }, kind.name)
      t.equal(reply.headers['cache-control'], 'no-store', kind.name)
      t.strictSame(reply.cookies, [], kind.name)
      for (const header of OF_NEXT) t.notOk(header in reply.headers, `${kind.name} ${header}`)
      isAnswerOf(t, kind, await client.ask(kind))
    }
  })
})

t.test('an onSend hook that throws over HTTP/2 makes no warning', async t => {
  const warnings: string[] = []
  const note = ({ name, message }: Error) => warnings.push(`${name}: ${message}`)
  process.on('warning', note)
  t.teardown(() => process.off('warning', note))
  const setup = {
    before: (fastify: FastifyInstance) =>
      fastify.addHook('onSend', async (_request, reply, payload) => {
        if (reply.statusCode < 400) throw new Error('from the hook')
        return payload
      })
  }
  await overEveryProtocol(t, setup, async (t, { client }) => {
    t.equal((await client.ask('/dynamic')).status, 500)
  })
  t.strictSame(warnings, [])
})
