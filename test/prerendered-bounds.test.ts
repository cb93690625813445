import { createRequire } from 'node:module'
import t, { type Test } from 'tap'
import { StoredPages } from '../src/prerender/stored-pages.js'
import { fixturePath } from './helpers/fixture.js'
import { serveRemembering } from './helpers/from-memory.js'
import { count } from './helpers/lane.js'

const PLAIN = { 'accept-encoding': 'identity' }
/** Of a dozen pages. */
const MAX_BYTES = 100_000
/** Of about a hundred answers to the router. */
const ALL_BYTES = 400_000
/** Of each kind: queries, parameters, and trees of the router. */
const URLS = count(700, 34_000)
/** More than there is room for. */
const TREES = count(150, 34_000)
const HASH = 'next/dist/shared/lib/router/utils/cache-busting-search-param'

t.setTimeout(count(60_000, 1_800_000))

/** What the pages that are kept take, after each that is added. */
function watchBytes(t: Test) {
  const { set } = StoredPages.prototype
  const seen = { sets: 0, most: 0 }
  StoredPages.prototype.set = function (...args) {
    set.apply(this, args)
    seen.sets++
    seen.most = Math.max(seen.most, this.bytes)
  }
  t.teardown(() => {
    StoredPages.prototype.set = set
  })
  return seen
}

/** Where Next's router asks with such a tree. */
async function routerRequest(
  index: number,
  page = '/path'
): Promise<[path: string, headers: Record<string, string>]> {
  const { computeCacheBustingSearchParam } = createRequire(fixturePath('package.json'))(HASH)
  const part = ['path', { children: ['__PAGE__', {}] }, `/from-${index}`, 'refetch']
  const tree = encodeURIComponent(JSON.stringify(['', { children: part }, null, null, 16]))
  const hash = await computeCacheBustingSearchParam(undefined, undefined, tree, undefined)
  const headers = { ...PLAIN, rsc: '1', 'next-router-state-tree': tree }
  return [`${page}?_rsc=${hash}`, headers]
}

t.test(`${URLS} different URLs take no more memory than they may`, async t => {
  const seen = watchBytes(t)
  const { load, see, warm } = await serveRemembering(t, 'fresh', {
    prerenderCache: { maxBytes: MAX_BYTES },
    conf: { experimental: { isrFlushToDisk: false } }
  })
  await warm('/path', PLAIN)
  const stored = seen.sets
  for (let index = 0; index < URLS; index++) {
    const path = `/path?utm_source=${index}&utm_medium=${'x'.repeat(index % 500)}`
    const { source, status } = await see(path, PLAIN)
    if (source !== 'memory' || status !== 200) t.fail(`${path} from ${source}: ${status}`)
  }
  t.equal(seen.sets, stored, 'nothing is kept of queries')

  for (let index = 0; index < URLS; index++) {
    for (let visit = 0; visit < 2; visit++) {
      const { status } = await load(`/visited/${index}`, PLAIN)
      if (status !== 200) t.fail(`/visited/${index}: ${status}`)
    }
    if (index % 4 === 0) await load('/path', PLAIN)
  }
  t.ok(seen.sets >= stored + URLS, 'pages with other parameters were kept')

  const before = seen.sets
  for (let index = 0; index < URLS; index++) {
    const { status, headers } = await load(...(await routerRequest(index)))
    if (status !== 200 || !/x-component/.test(String(headers['content-type']))) {
      t.fail(`tree ${index}: ${status} ${headers['content-type']}`)
    }
    if (index % 4 === 0) await load('/path', PLAIN)
  }
  t.ok(seen.sets > before, 'answers to the router were kept')

  t.ok(seen.most <= MAX_BYTES, `${seen.most} bytes`)
  t.ok(seen.most > MAX_BYTES / 2, `${seen.most} bytes`)
  t.equal((await see('/path', PLAIN)).source, 'memory', 'what is asked for often is still there')
})

t.test('what a router asks for at an automatic page pushes out no other page', async t => {
  const seen = watchBytes(t)
  const { load, see, warm } = await serveRemembering(t, 'fresh', {
    prerenderCache: { maxBytes: ALL_BYTES }
  })
  for (const page of ['/path', '/automatic']) await warm(page, PLAIN)
  const before = seen.most
  await load(...(await routerRequest(0, '/automatic')))
  const each = seen.most - before
  t.ok(each > 0, 'an answer to the router was kept')
  t.ok(TREES * each > ALL_BYTES, `there is no room for all, with ${each} bytes each`)

  const { sets } = seen
  for (let index = 1; index <= TREES; index++) {
    const { status } = await load(...(await routerRequest(index, '/automatic')))
    if (status !== 200) t.fail(`tree ${index}: ${status}`)
  }
  t.equal(seen.sets, sets + TREES, 'all of them were kept for a time')
  t.equal((await see('/path', PLAIN)).source, 'memory')
})

t.test('what is not there is not kept', async t => {
  const seen = watchBytes(t)
  const { load } = await serveRemembering(t, 'fresh')
  for (let index = 0; index < count(200, 20_000); index++) {
    const { status } = await load(`/nowhere/${index}`, PLAIN)
    if (status !== 404) t.fail(`/nowhere/${index}: ${status}`)
  }
  t.equal(seen.sets, 0)
})
