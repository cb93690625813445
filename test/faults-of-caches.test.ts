import { once } from 'node:events'
import { request } from 'node:http'
import { createRequire } from 'node:module'
import type { FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import { creators } from '../src/next/guarded-cache-handler.js'
import { event } from './helpers/event.js'
import { builtFixture, fixturePath } from './helpers/fixture.js'
import { setGlobal } from './helpers/globals.js'
import { countInFlight } from './helpers/in-flight.js'
import { keptLog } from './helpers/log.js'
import { ready, serve } from './helpers/serve.js'

const require = createRequire(fixturePath('package.json'))

type Fault = (method: string, key: string) => unknown

/** All that Next keeps in a cache, by what the answers say. */
const CACHED: Record<string, [status: number, text: RegExp]> = {
  '/': [200, /<h1>Home</],
  '/aged': [200, /<time>\d+</],
  '/page/new': [200, /<h1>Page new</],
  '/stored': [200, /^Stored$/],
  '/legacy': [200, /<h1>Legacy legacy</],
  '/_next/data/cached/legacy.json': [200, /^{"pageProps":{"name":"legacy"}/],
  '/moved': [307, /^\/$/],
  '/missing': [404, /404/],
  '/data': [200, /<h1>Data \d+</]
}
const BOUND = 10_000
const ERROR = 50

const rubbish = (answer: unknown): Fault => {
  return method => (method === 'get' ? answer : undefined)
}

const FAULTS: Record<string, Fault> = {
  throws() {
    throw new Error('secret of the cache')
  },
  rejects: async () => {
    throw new Error('secret of the cache')
  },
  'returns a text': () => 'rubbish',
  'returns an empty object': () => ({}),
  'returns what is of no kind': rubbish({ lastModified: 1, value: { kind: 'NONE' } }),
  'returns what is of another kind': method => {
    return method === 'get' ? { value: { kind: 'IMAGE', buffer: Buffer.alloc(1) } } : undefined
  },
  'returns a page without anything': rubbish({ value: { kind: 'APP_PAGE' } }),
  'returns a route without anything': rubbish({ value: { kind: 'APP_ROUTE' } }),
  'returns an old page without anything': rubbish({ value: { kind: 'PAGES' } }),
  'returns a redirect to nowhere': rubbish({ value: { kind: 'REDIRECT', props: {} } }),
  'returns data without anything': rubbish({ value: { kind: 'FETCH' } })
}

async function serveCached(t: Test, server?: object) {
  let idle = async () => {}
  const log = keptLog()
  const { fastify, port, url } = await serve(t, {
    fixture: 'cached',
    options: { quiet: true, closeTimeout: 500 },
    server: { forceCloseConnections: false, logger: log.logger, ...server },
    before(fastify) {
      idle = countInFlight(fastify)
    },
    after: (fastify: FastifyInstance) => fastify.get('/own', async () => 'own')
  })
  const ask = async (path: string, method = 'GET') => {
    const signal = AbortSignal.timeout(BOUND)
    const response = await fetch(url + path, { method, redirect: 'manual', signal })
    const cache = response.headers.get('x-nextjs-cache')
    return { body: await response.text(), cache, status: response.status }
  }
  const answersAll = async (t: Test, what: string) => {
    for (const [path, [status, text]] of Object.entries(CACHED)) {
      t.match(await ask(path), { status, body: text }, `${path} ${what}`)
    }
    t.match(await ask('/revalidate', 'POST'), { status: 200, body: 'Revalidated' }, what)
    t.match((await ask('/dynamic')).body, 'Dynamic', `a dynamic page ${what}`)
    t.equal((await ask('/own')).body, 'own', `a route of Fastify ${what}`)
  }
  const errors = () => log.take().filter(({ level }) => level >= ERROR)
  return { answersAll, ask, errors, fastify, idle: () => idle(), port }
}

/** Asks for a page until it comes from the cache. */
async function untilHit(ask: (path: string) => Promise<{ cache: string | null }>, path: string) {
  const signal = AbortSignal.timeout(BOUND)
  while ((await ask(path)).cache !== 'HIT') signal.throwIfAborted()
}

t.test('what the cache handler of an app returns is used', async t => {
  const { answersAll, ask, errors, fastify } = await serveCached(t)
  await answersAll(t, 'is rendered')
  const { body: data } = await ask('/data')
  for (const [path, [status, text]] of Object.entries(CACHED)) {
    const answer = await ask(path)
    t.match(answer, { status, body: text }, path)
    // `/aged` may be a second old.
    if (!['/aged', '/data'].includes(path)) t.equal(answer.cache, 'HIT', path)
  }
  t.equal((await ask('/data')).body, data)
  await ask('/revalidate', 'POST')
  t.not((await ask('/data')).body, data)
  t.strictSame(errors(), [])

  const { default: loadConfig } = require('next/dist/server/config')
  const config = await loadConfig('phase-production-server', fixturePath('cached'), {})
  t.match(config.cacheHandler, 'guarded-cache-handler')
  t.equal(creators.size, 1)
  await fastify.close()
  t.equal(config.cacheHandler, fixturePath('cached', 'cache.mjs'))
  t.equal(creators.size, 0)
})

t.test('pages go on when it throws or returns rubbish', async t => {
  const { answersAll, ask, errors, fastify, idle } = await serveCached(t)
  for (const [name, fault] of Object.entries(FAULTS)) {
    setGlobal(t, 'cacheFails', fault)
    await answersAll(t, `while the handler ${name}`)
  }
  Reflect.deleteProperty(globalThis, 'cacheFails')
  await untilHit(ask, '/')

  const logged = errors()
  const messages = logged.map(({ msg }) => msg)
  for (const fault of [
    'get() failed',
    'set() failed',
    'revalidateTag() failed',
    'get() returned a malformed entry: value.kind'
  ]) {
    t.ok(messages.includes(`cacheHandler: ${fault}. Next.js goes on without it.`), fault)
  }
  t.equal(new Set(messages).size, messages.length, 'each fault once a minute')
  t.match(logged[0], { err: { message: 'secret of the cache' }, heldBack: 0 })
  await idle()
  await fastify.close()
})

t.test('pages go on when it hangs', async t => {
  const { answersAll, ask, errors, fastify, idle } = await serveCached(t)
  setGlobal(t, 'cacheFails', () => new Promise(() => {}))
  await answersAll(t, 'while the handler hangs')
  t.match(errors()[0]?.msg, 'get() took more than 2000 ms')
  Reflect.deleteProperty(globalThis, 'cacheFails')
  await untilHit(ask, '/')
  t.match((await ask('/')).body, 'Home')
  await idle()
  await fastify.close()
})

t.test('a client that leaves meanwhile leaves nothing behind', async t => {
  const { answersAll, fastify, idle, port } = await serveCached(t)
  const asked = event('the cache handler')
  setGlobal(t, 'cacheFails', () => {
    asked.happen()
    return new Promise(() => {})
  })
  const outgoing = request({ host: '127.0.0.1', port, path: '/page/other' })
  outgoing.on('error', () => {})
  outgoing.end()
  await asked.happened
  outgoing.destroy()
  await idle()
  Reflect.deleteProperty(globalThis, 'cacheFails')
  await answersAll(t, 'afterwards')
  await fastify.close()
})

t.test('one that hangs does not hold up the close', async t => {
  const { fastify, port } = await serveCached(t)
  const asked = event('the cache handler')
  setGlobal(t, 'cacheFails', () => {
    asked.happen()
    return new Promise(() => {})
  })
  const outgoing = request({ host: '127.0.0.1', port, path: '/page/last' })
  const cut = once(outgoing, 'error')
  outgoing.end()
  await asked.happened
  const closed = event('the close')
  fastify.close().then(() => closed.happen())
  await closed.happened
  t.match(await cut, [{ code: 'ECONNRESET' }])
})

t.test('a constructor that throws leaves the pages without a cache', async t => {
  const { answersAll, ask, errors, fastify } = await serveCached(t)
  setGlobal(t, 'cacheCreated', () => {
    throw new Error('not today')
  })
  await answersAll(t, 'while there is no handler')
  t.match(errors(), [{ msg: /its constructor failed/, err: { message: 'not today' } }])
  Reflect.deleteProperty(globalThis, 'cacheCreated')
  await untilHit(ask, '/')
  await fastify.close()
})

for (const [name, cause] of [
  ['missing.mjs', { message: /Cannot find/ }],
  ['no-handler.mjs', { message: /has to be a class/ }]
] as const) {
  t.test(`${name} in the place of a cache handler ends the start`, async t => {
    await builtFixture('cached')
    const cacheHandler = fixturePath('cached', name)
    const start = ready(t, { fixture: 'cached', options: { quiet: true, conf: { cacheHandler } } })
    await t.rejects(start, { code: 'FST_NEXT_PREPARE_FAILED', cause })
  })
}
