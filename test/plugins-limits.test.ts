import rateLimit from '@fastify/rate-limit'
import underPressure from '@fastify/under-pressure'
import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { event } from './helpers/event.js'
import { isAnswerOf, overEveryProtocol } from './helpers/protocols.js'

t.test('@fastify/rate-limit: its headers are on each page, and then it is a 429', async t => {
  const setup = {
    before: (fastify: FastifyInstance) =>
      fastify.register(rateLimit, {
        max: 2,
        timeWindow: 60_000,
        keyGenerator: ({ headers, url }) => `${headers['x-client']} ${url}`
      })
  }
  await overEveryProtocol(t, setup, async (t, { client, kinds, protocol }) => {
    for (const kind of await kinds()) {
      const ask = { ...kind, headers: { ...kind.headers, 'x-client': protocol.name } }
      for (const remaining of ['1', '0']) {
        const reply = await client.ask(ask)
        isAnswerOf(t, kind, reply)
        t.equal(reply.headers['x-ratelimit-limit'], '2', kind.name)
        t.equal(reply.headers['x-ratelimit-remaining'], remaining, kind.name)
      }
      const { status, headers, cookies, body } = await client.ask(ask)
      t.equal(status, 429, kind.name)
      t.match(JSON.parse(body), { statusCode: 429, message: /^Rate limit exceeded/ }, kind.name)
      t.match(headers['retry-after'], /^\d+$/, kind.name)
      t.equal(headers['x-ratelimit-remaining'], '0', kind.name)
      t.equal(headers['x-powered-by'], undefined, kind.name)
      t.strictSame(cookies, [], kind.name)
    }
  })
})

t.test('@fastify/under-pressure: while the process is not well it is a 503', async t => {
  let isWell = true
  let checked = event('the check of health')
  const setup = {
    before: (fastify: FastifyInstance) =>
      fastify.register(underPressure, {
        healthCheck: async () => {
          checked.happen()
          return isWell
        },
        healthCheckInterval: 10,
        retryAfter: 7
      })
  }
  const change = async (to: boolean) => {
    isWell = to
    // What the first check that is new has found is known when the second begins.
    for (let checks = 0; checks < 2; checks++) {
      checked = event('the check of health')
      await checked.happened
    }
  }
  await overEveryProtocol(t, setup, async (t, { client, kinds }) => {
    const pages = await kinds()
    await change(false)
    for (const { name, ...ask } of pages) {
      const { status, headers, cookies, body } = await client.ask(ask)
      t.equal(status, 503, name)
      t.match(JSON.parse(body), { code: 'FST_UNDER_PRESSURE' }, name)
      t.equal(headers['retry-after'], '7', name)
      t.strictSame(cookies, [], name)
    }
    await change(true)
    for (const kind of pages) isAnswerOf(t, kind, await client.ask(kind))
  })
})
