import cors from '@fastify/cors'
import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { setGlobal } from './helpers/globals.js'
import { isAnswerOf, overEveryProtocol } from './helpers/protocols.js'

const VARY_OF_NEXT = [
  'rsc',
  'next-router-state-tree',
  'next-router-prefetch',
  'next-router-segment-prefetch'
]

function namesIn(header: unknown): string[] {
  return String(header).split(', ')
}

t.test('@fastify/cors: its headers are on each page, and Vary keeps what both say', async t => {
  const setup = {
    before: (fastify: FastifyInstance) =>
      fastify.register(cors, { origin: true, credentials: true, exposedHeaders: ['x-route'] })
  }
  await overEveryProtocol(t, setup, async (t, { client, kinds }) => {
    for (const kind of await kinds()) {
      const headers = { origin: 'https://elsewhere.example', ...kind.headers }
      const reply = await client.ask({ ...kind, headers })
      isAnswerOf(t, kind, reply)
      const ofCompression = kind.method === 'POST' ? [] : ['Accept-Encoding']
      t.strictSame(
        namesIn(reply.headers.vary),
        ['Origin', ...VARY_OF_NEXT, ...ofCompression],
        kind.name
      )
      t.equal(reply.headers['access-control-allow-origin'], headers.origin, kind.name)
      t.equal(reply.headers['access-control-allow-credentials'], 'true', kind.name)
      t.equal(reply.headers['access-control-expose-headers'], 'x-route', kind.name)
    }
    const { headers } = await client.ask('/api-route/cookies')
    const expected = ['Origin', ...VARY_OF_NEXT, 'x-variant', 'Accept-Encoding']
    t.strictSame(namesIn(headers.vary), expected)
  })
})

t.test('@fastify/cors: a preflight is answered before Next is asked', async t => {
  let asked = 0
  setGlobal(t, 'slowPart', () => asked++)
  const setup = {
    before: (fastify: FastifyInstance) =>
      fastify.register(cors, { origin: ['https://friend.example'], methods: ['GET', 'PUT'] })
  }
  await overEveryProtocol(t, setup, async (t, { client, kinds }) => {
    for (const { path, name } of await kinds()) {
      asked = 0
      const preflight = (origin: string) => ({
        path,
        method: 'OPTIONS',
        headers: { origin, 'access-control-request-method': 'PUT' }
      })
      const { status, headers, body } = await client.ask(preflight('https://friend.example'))
      t.equal(status, 204, name)
      t.equal(body, '', name)
      t.equal(headers['access-control-allow-methods'], 'GET, PUT', name)
      t.equal(headers['access-control-allow-origin'], 'https://friend.example', name)
      t.equal(headers['x-powered-by'], undefined, name)
      const stranger = await client.ask(preflight('https://stranger.example'))
      t.equal(stranger.headers['access-control-allow-origin'], undefined, name)
      t.equal(asked, 0, name)
    }
  })
})
