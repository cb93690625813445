import { createHash } from 'node:crypto'
import { join } from 'node:path'
import t from 'tap'
import { findNext } from '../src/next/load.js'
import { pageLifetimes } from '../src/next/page-lifetimes.js'
import { builtFixture, fixturePath } from './helpers/fixture.js'

const INCREMENTAL_CACHE = 'next/dist/server/lib/incremental-cache'
const keyOf = (kind: string, source: string, path: string) =>
  `/route-cache/${kind}/${createHash('sha256').update(source).digest('hex')}/$${path}`

async function lifetimesOfFixture() {
  const dir = await builtFixture('fresh')
  const next = findNext(dir)
  const lifetimes = pageLifetimes(next, join(dir, '.next'))
  if (lifetimes === undefined) throw new Error('There are no lifetimes')
  return { dir, next, lifetimes }
}

t.test('a key has the path of the page', async t => {
  const { lifetimes } = await lifetimesOfFixture()
  for (const [page, path] of [
    ['/index', '/'],
    ['/index/index', '/index'],
    ['/index/a', '/a'],
    ['/a/b', '/a/b'],
    ['/größe', '/größe'],
    ['/a\nb', '/a\nb'],
    ['/[slug]', undefined]
  ] as const) {
    t.equal(lifetimes.pathOf(keyOf('APP_PAGE', '/page', page)), path, page)
  }
  for (const key of ['/', '/a', '/route-cache/APP_PAGE/0/$/a', '']) {
    t.equal(lifetimes.pathOf(key), undefined, key)
  }
})

t.test('the lifetime is of the entry, of the last render, or of the build', async t => {
  const { next, lifetimes } = await lifetimesOfFixture()
  const hour = keyOf('APP_PAGE', '/hour/page', '/hour')
  const never = Number.POSITIVE_INFINITY
  t.strictSame(
    lifetimes.of(hour, undefined, 1_000, []),
    { fresh: 21_000, usable: 21_000 },
    'with an expireTime that comes first'
  )
  t.strictSame(lifetimes.of(hour, { revalidate: 3, expire: 9 }, 1_000, []), {
    fresh: 4_000,
    usable: 10_000
  })
  t.strictSame(lifetimes.of(hour, { revalidate: 9, expire: 3 }, 1_000, []), {
    fresh: 4_000,
    usable: 4_000
  })
  t.strictSame(lifetimes.of(hour, { revalidate: false }, 1_000, []), {
    fresh: never,
    usable: never
  })
  const unknown = keyOf('APP_PAGE', '/hour/page', '/elsewhere')
  t.equal(lifetimes.of(unknown, undefined, 1_000, []), undefined)
  t.equal(lifetimes.of(unknown, { revalidate: '3' }, 1_000, []), undefined)
  const other = keyOf('APP_PAGE', '/other/page', '/hour')
  t.equal(lifetimes.of(other, undefined, 1_000, []), undefined, 'of another route')
  t.equal(lifetimes.of(keyOf('PAGES', '/hour', '/hour'), undefined, 1_000, []), undefined)

  const { SharedCacheControls } = Object(
    next.load(`${INCREMENTAL_CACHE}/shared-cache-controls.external.js`)
  )
  SharedCacheControls.cacheControls.set(unknown, { revalidate: 2, expire: 5 })
  t.teardown(() => SharedCacheControls.cacheControls.delete(unknown))
  t.strictSame(lifetimes.of(unknown, undefined, 1_000, []), { fresh: 3_000, usable: 6_000 })
})

t.test('tags that expire later end it', async t => {
  const { next, lifetimes } = await lifetimesOfFixture()
  const { tagsManifest } = Object(next.load(`${INCREMENTAL_CACHE}/tags-manifest.external.js`))
  tagsManifest.set('soon', { stale: 900, expired: 2_500 })
  tagsManifest.set('before', { expired: 900 })
  t.teardown(() => tagsManifest.delete('soon') && tagsManifest.delete('before'))
  const key = keyOf('APP_PAGE', '/hour/page', '/hour')
  const lifetime = { revalidate: 3, expire: 9 }
  t.strictSame(lifetimes.of(key, lifetime, 1_000, ['other', 'soon', 'before']), {
    fresh: 2_500,
    usable: 2_500
  })
  t.strictSame(lifetimes.of(key, lifetime, 1_000, ['before']), { fresh: 4_000, usable: 10_000 })
})

t.test('without what is known of Next there are none', async t => {
  const { dir, next } = await lifetimesOfFixture()
  const distDir = join(dir, '.next')
  t.equal(pageLifetimes(next, fixturePath('nowhere')), undefined)
  for (const missing of ['route-cache-key', 'shared-cache-controls', 'tags-manifest']) {
    const load = (id: string) => (id.includes(missing) ? {} : next.load(id))
    t.equal(pageLifetimes({ ...next, load }, distDir), undefined, missing)
  }
  const otherKeys = { getRouteCacheKey: (path: string) => path }
  const load = (id: string) => (id.includes('route-cache-key') ? otherKeys : next.load(id))
  t.equal(pageLifetimes({ ...next, load }, distDir), undefined)
})
