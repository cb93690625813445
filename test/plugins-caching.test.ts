import etag from '@fastify/etag'
import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { gate } from './helpers/globals.js'
import { isAnswerOf, overEveryProtocol } from './helpers/protocols.js'

t.test('@fastify/etag: a page in one piece has one, that of Next if it gave one', async t => {
  const setup = { before: (fastify: FastifyInstance) => fastify.register(etag) }
  await overEveryProtocol(t, setup, async (t, { client, kinds }) => {
    for (const kind of await kinds()) {
      const ask = (headers = {}) =>
        client.ask({
          ...kind,
          headers: { ...kind.headers, 'accept-encoding': 'identity', ...headers }
        })
      const first = await ask()
      isAnswerOf(t, kind, first)
      const tag = first.headers.etag
      if (kind.method === 'POST') {
        t.equal(tag, undefined, kind.name)
        continue
      }
      // A hash of 20 bytes is the plugin's.
      t.match(tag, kind.path === '/static' ? /^"[a-z0-9]{10,15}"$/ : /^"[\w+/]{27}="$/, kind.name)
      const { status, body } = await ask({ 'if-none-match': String(tag) })
      t.equal(status, 304, kind.name)
      t.equal(body, '', kind.name)
      const changed = await ask({ 'if-none-match': '"another"' })
      isAnswerOf(t, kind, changed)
      t.equal(changed.headers.etag, tag, kind.name)
    }
  })
})

t.test('@fastify/etag: what streams has none', async t => {
  const setup = { before: (fastify: FastifyInstance) => fastify.register(etag) }
  await overEveryProtocol(t, setup, async (t, { client }) => {
    const slow = gate(t, 'slowPart')
    const { status, headers, body } = await client.begin('/stream')
    await slow.entered
    slow.open()
    t.equal(status, 200)
    t.equal(headers.etag, undefined)
    const chunks: Buffer[] = []
    for await (const chunk of body) chunks.push(chunk)
    t.match(Buffer.concat(chunks).toString(), 'The slow part')
  })
})

t.test('@fastify/etag: a 304 has the ETag of the page', async t => {
  const setup = { before: (fastify: FastifyInstance) => fastify.register(etag) }
  await overEveryProtocol(t, setup, async (t, { client }) => {
    const { etag } = (await client.ask('/static')).headers
    const headers = { 'if-none-match': String(etag) }
    const reply = await client.ask({ path: '/static', headers })
    t.equal(reply.status, 304)
    t.equal(reply.headers.etag, etag)
  })
})
