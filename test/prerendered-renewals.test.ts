import t from 'tap'
import { pathForRouter, serveRemembering } from './helpers/from-memory.js'

const PLAIN = { 'accept-encoding': 'identity' }
const ROUTER = { ...PLAIN, rsc: '1' }
/** `/short` is renewed after 3 s. */
const BOUND = 20_000

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
