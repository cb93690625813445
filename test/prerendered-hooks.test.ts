import type { AddressInfo } from 'node:net'
import cookie from '@fastify/cookie'
import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { countAsked } from './helpers/asked.js'
import { http2Client } from './helpers/client.js'
import { serveRemembering } from './helpers/from-memory.js'
import { keptLog } from './helpers/log.js'
import { serve } from './helpers/serve.js'
import { copyOfBuild } from './helpers/static-copy.js'

const PLAIN = { 'accept-encoding': 'identity' }

/** Hooks that do something to those visitors alone who ask for it. */
async function addHooks(fastify: FastifyInstance): Promise<void> {
  await fastify.register(cookie)
  fastify.addHook('preHandler', async (request, reply) => {
    reply.header('vary', 'Origin')
    if (request.headers['x-visitor']) reply.setCookie('visitor', 'one')
    if (request.headers['x-refused']) await reply.code(403).send('refused')
  })
  fastify.addHook('onSend', async (request, reply, payload) => {
    if (request.headers['x-failing']) throw new Error('of the hook')
    if (request.headers['x-added']) reply.header('x-added', 'yes').removeHeader('x-powered-by')
    return request.headers['x-changed'] ? 'changed' : payload
  })
}

const OWN = ['x-visitor', 'x-refused', 'x-changed', 'x-added', 'x-failing']

t.test('what hooks do for one visitor is not kept for others', async t => {
  const { see } = await serveRemembering(t, 'fresh', {}, addHooks)
  for (const visit of ['first', 'later']) {
    for (const own of OWN) await see('/path', { ...PLAIN, [own]: '1' })
    const { body, headers, status } = await see('/path', PLAIN)
    t.equal(status, 200, visit)
    t.match(body, /<p>path \d+<\/p>.*<\/html>/s)
    t.match(headers.vary, /^Origin, rsc, [^O]*Accept-Encoding$/)
    t.equal(headers['cache-control'], 's-maxage=31536000')
    t.equal(headers['set-cookie'], undefined)
    t.equal(headers['x-added'], undefined)
    t.equal(headers['x-powered-by'], 'Next.js')
    t.type(headers.etag, 'string')
  }
})

t.test('hooks change what comes from memory as they change what Next says', async t => {
  const memory = await serveRemembering(t, 'fresh', {}, addHooks)
  const next = await serveRemembering(t, 'fresh', { prerenderCache: false }, addHooks)
  await memory.warm('/path', PLAIN)
  for (const own of OWN) {
    const headers = { ...PLAIN, [own]: '1' }
    const answer = await memory.see('/path', headers)
    t.equal(answer.source, 'memory', own)
    const expected = await next.see('/path', headers)
    for (const { headers } of [answer, expected]) delete headers.date
    t.equal(answer.status, expected.status, own)
    t.strictSame(answer.headers, expected.headers, own)
    t.equal(String(answer.body), String(expected.body), own)
  }
})

t.test('what a hook adds to a header of one answer is not in the next', async t => {
  const { see } = await serveRemembering(t, 'fresh', {}, fastify => {
    fastify.addHook('onSend', async (request, reply, payload) => {
      const values: unknown = reply.getHeader('x-nextjs-prerender')
      if (request.headers['x-added'] && Array.isArray(values)) values.push('added')
      return payload
    })
  })
  const added = { ...PLAIN, 'x-added': '1' }
  // The first answer is the one that is kept.
  for (const source of ['Next', 'memory']) {
    const answer = await see('/path', added)
    t.equal(answer.source, source)
    t.match(answer.headers['x-nextjs-prerender'], /(?<!added.*)added$/)
    const next = await see('/path', PLAIN)
    t.equal(next.source, 'memory')
    t.notMatch(next.headers['x-nextjs-prerender'], 'added')
  }
})

t.test('a cookie keeps what comes from memory out of shared caches', async t => {
  const { see, warm } = await serveRemembering(t, 'fresh', {}, addHooks)
  await warm('/path', PLAIN)
  const { source, headers } = await see('/path', { ...PLAIN, 'x-visitor': '1' })
  t.equal(source, 'memory')
  t.match(headers['set-cookie'], ['visitor=one'])
  t.match(headers['cache-control'], 'no-store')
})

t.test('hooks run once, in their order, whoever answers', async t => {
  const ran: string[] = []
  const note = (name: string) => async () => void ran.push(name)
  const { see } = await serveRemembering(t, 'fresh', {}, fastify => {
    fastify.addHook('onRequest', note('onRequest'))
    fastify.addHook('preParsing', note('preParsing'))
    fastify.addHook('preValidation', note('preValidation'))
    fastify.addHook('preHandler', note('preHandler'))
    fastify.addHook('onSend', note('onSend'))
  })
  const orders = new Map<string, string>()
  for (let visit = 0; visit < 3; visit++) {
    const { source } = await see('/path', PLAIN)
    orders.set(source, ran.splice(0).join())
  }
  t.strictSame([...orders.keys()], ['Next', 'memory'])
  t.equal(orders.get('memory'), orders.get('Next'))
  t.match(orders.get('memory'), /^onRequest,preParsing,preValidation,preHandler,onSend/)
})

t.test('the log of requests has what comes from memory', async t => {
  const log = keptLog()
  const { dir } = await copyOfBuild(t, 'fresh')
  const asked = countAsked(t)
  const { url } = await serve(t, {
    options: { dir },
    server: { logger: { level: 'info', ...log.logger } }
  })
  log.take()
  for (let visit = 0; visit < 3; visit++) {
    await (await fetch(`${url}/path`)).text()
    await log.until('request completed')
    const [incoming, completed, ...others] = log.take()
    t.match(incoming, { msg: 'incoming request', req: { method: 'GET', url: '/path' } })
    t.match(completed, { reqId: incoming?.reqId, res: { statusCode: 200 }, responseTime: Number })
    t.strictSame(others, [])
  }
  t.equal(asked(), 1)
})

t.test('over HTTP/2, pages come from memory as well', async t => {
  const { dir } = await copyOfBuild(t, 'fresh')
  const asked = countAsked(t)
  const { fastify } = await serve(t, { options: { dir }, server: { http2: true } as object })
  const client = http2Client((fastify.server.address() as AddressInfo).port, false)
  t.teardown(() => client.close())
  const heads = new Set<string>()
  for (let visit = 0; visit < 3; visit++) {
    const { body, headers } = await client.ask('/path')
    heads.add(JSON.stringify({ ...headers, date: '' }))
    t.match(body, '</html>')
  }
  t.equal(asked(), 1)
  t.equal(heads.size, 1)
})
