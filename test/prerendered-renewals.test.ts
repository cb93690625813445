import type { FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import { http1Client } from './helpers/client.js'
import { standingClock } from './helpers/clock.js'
import { until } from './helpers/connection.js'
import { event } from './helpers/event.js'
import { pathForRouter, type Remembering, serveRemembering } from './helpers/from-memory.js'
import { gateLookup } from './helpers/gated-lookups.js'
import { gate } from './helpers/globals.js'

const PLAIN = { 'accept-encoding': 'identity' }
const ROUTER = { ...PLAIN, rsc: '1' }
/** `/short` is renewed after 3 s. */
const BOUND = 20_000
/** After it somebody else has Next renew a page. */
const INTERVAL = 5_000

t.test('requests that renew nothing do not keep a page as it was', async t => {
  const { load, warm } = await serveRemembering(t, 'fresh')
  const path = await pathForRouter(load, '/short', ROUTER)
  await warm('/short', PLAIN)
  await warm(path, ROUTER)
  const read = async () => /short (\d+)/.exec(String((await load('/short', PLAIN)).body))?.[1]
  const before = await read()
  const deadline = Date.now() + BOUND
  while ((await read()) === before && Date.now() < deadline) {
    for (let request = 0; request < 100; request++) {
      // Next sends it on to another hash, and looks for no page.
      const { status } = await load(path, { ...ROUTER, 'next-url': '' })
      if (status !== 307) t.equal(status, 307)
    }
  }
  t.not(await read(), before, 'the page is renewed')
})

t.test('an empty header of the router is not taken for none', async t => {
  const { load, see, warm } = await serveRemembering(t, 'fresh')
  const path = await pathForRouter(load, '/path', ROUTER)
  await warm(path, ROUTER)
  t.equal((await see(path, ROUTER)).source, 'memory')
  for (const name of ['next-url', 'next-router-state-tree', 'next-router-segment-prefetch']) {
    t.equal((await see(path, { ...ROUTER, [name]: '' })).source, 'Next', name)
  }
})

t.test('Next renews a page with its own URL, after the answer as well', async t => {
  const { load } = await serveRemembering(t, 'fresh', { prerenderCache: false })
  const path = '/_next/data/fresh/none.json'
  await load(path, PLAIN)
  await load('/renew?tag=_N_T_/layout')
  const states = new Set<unknown>()
  const deadline = Date.now() + BOUND
  while (!(states.has('STALE') && states.has('HIT')) && Date.now() < deadline) {
    const { headers, body } = await load(path, PLAIN)
    states.add(headers['x-nextjs-cache'])
    t.notMatch(String(body), '\\"_next\\",\\"data\\"')
  }
  t.ok(states.has('STALE') && states.has('HIT'), [...states].join())
})

/** Whom each of some requests is answered by. */
async function sourcesOf(see: Remembering['see'], path: string): Promise<string[]> {
  const sources: string[] = []
  for (let visit = 0; visit < 5; visit++) sources.push((await see(path, PLAIN)).source)
  return sources
}

const ONE = ['Next', 'memory', 'memory', 'memory', 'memory']
const NONE = ONE.map(() => 'memory')

/** Serves a page that is in memory and out of date. */
async function serveStale(t: Test, before?: (fastify: FastifyInstance) => unknown) {
  const clock = standingClock(t)
  const served = await serveRemembering(t, 'pages-router', {}, before)
  const isKept = async () => (await served.see('/renewed', PLAIN)).source === 'memory'
  await until('the page from memory', isKept)
  clock.wait(1_001)
  return { ...served, clock }
}

t.test('while a page is renewed, one request of each interval reaches Next', async t => {
  const { clock, see } = await serveStale(t)
  const renewal = gate(t, 'slowRenewal')
  for (let interval = 0; interval < 4; interval++) {
    t.strictSame(await sourcesOf(see, '/renewed'), ONE, `interval ${interval}`)
    await renewal.entered
    clock.wait(INTERVAL - 1)
    t.strictSame(await sourcesOf(see, '/renewed'), NONE, 'the end of it')
    clock.wait(1)
  }
  t.equal(renewal.entries(), 1, 'Next renews it once')
  renewal.open()
  await until('the page as renewed', async () => {
    const { headers } = await see('/renewed', PLAIN)
    return headers['x-nextjs-cache'] === 'HIT'
  })
  t.strictSame(await sourcesOf(see, '/renewed'), NONE, 'it is kept again')
})

t.test('when a client leaves before Next has begun, the next one asks Next', async t => {
  const left = event('the end of the first request')
  const { port, see } = await serveStale(t, fastify =>
    fastify.addHook('onRequest', async ({ headers }, reply) => {
      if (headers['x-leaving']) reply.raw.once('close', () => left.happen())
    })
  )
  const client = http1Client(port, false)
  t.teardown(() => client.close())
  const renewal = gate(t, 'slowRenewal')
  const lookup = gateLookup(t)
  const headers = { ...PLAIN, 'x-leaving': '1' }
  await client.abandon({ path: '/renewed', headers }, lookup.entered)
  await left.happened
  lookup.open()
  await renewal.entered
  t.strictSame(await sourcesOf(see, '/renewed'), ONE)
  renewal.open()
})

t.test('res.revalidate() acts on the next request, and on that page alone', async t => {
  const { load, see, warm } = await serveRemembering(t, 'fresh')
  for (const path of ['/legacy', '/data']) await warm(path, PLAIN)
  const before = await see('/legacy', PLAIN)
  t.equal(before.source, 'memory')
  t.equal(String((await load('/api/renew')).body), 'renewed')
  const after = await see('/legacy', PLAIN)
  t.equal(after.source, 'Next')
  t.not(String(after.body), String(before.body))
  t.equal((await see('/data', PLAIN)).source, 'memory')
})
