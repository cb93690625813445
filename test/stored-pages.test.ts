import t from 'tap'
import type { StoredPage } from '../src/prerender/stored-page.js'
import { StoredPages } from '../src/prerender/stored-pages.js'

function page(cacheKey: string, tags: string[] = [], size = 1_000): StoredPage {
  return {
    body: Buffer.alloc(size),
    cacheKey,
    headers: {},
    isForGetOnly: false,
    lifetime: { fresh: 0, usable: 0 },
    route: undefined,
    tags
  }
}

t.test(
  'what was not asked for the longest goes first, and no more is kept than may be',
  async t => {
    const pages = new StoredPages(100_000)
    for (let index = 0; index < 10_000; index++) {
      pages.set(`/${index}`, page(`key ${index}`))
      pages.get('/0')
    }
    t.ok(pages.get('/0'))
    t.notOk(pages.get('/1'))
    t.ok(pages.get('/9999'))
    t.ok(pages.bytes <= 100_000)
    t.ok(pages.bytes > 90_000)
    pages.set('/large', page('large', [], 200_000))
    t.notOk(pages.get('/large'), 'what is larger than all may be is not kept')
    t.ok(pages.get('/9999'))
    for (let index = 0; index < 10_000; index++) pages.delete(`/${index}`)
    t.equal(pages.bytes, 0)
  }
)

t.test('all answers of a page go with it, and those with a tag', async t => {
  const pages = new StoredPages(1_000_000)
  pages.set('/one', page('one', ['a', 'b']))
  pages.set('/one\nrsc', page('one', ['a', 'b']))
  pages.set('/two', page('two', ['b']))
  pages.set('/automatic', page('automatic'))
  pages.deleteKey('nothing')
  pages.deleteKey('one')
  t.notOk(pages.get('/one') ?? pages.get('/one\nrsc'))
  t.ok(pages.get('/two'))
  pages.set('/one', page('one', ['a', 'b']))
  pages.deleteTags(['a', 'c'])
  t.notOk(pages.get('/one'))
  t.ok(pages.get('/two'))
  pages.deleteTags(['b'])
  t.notOk(pages.get('/two'))
  t.ok(pages.get('/automatic'))
  pages.delete('/automatic')
  t.equal(pages.bytes, 0)
})

t.test('another generation of a page takes the place of the one before', async t => {
  const first = page('one', ['a'])
  const changed: Record<string, StoredPage> = {
    'renewed later': { ...first, lifetime: { fresh: 1, usable: 0 } },
    'usable for longer': { ...first, lifetime: { fresh: 0, usable: 1 } },
    'with other tags': { ...first, tags: ['b'] },
    'with one more tag': { ...first, tags: ['a', 'b'] },
    'without tags': { ...first, tags: [] }
  }
  for (const [name, second] of Object.entries(changed)) {
    await t.test(name, async t => {
      const pages = new StoredPages(1_000_000)
      pages.set('/other', page('other', ['a']))
      for (const name of ['/one', '/one\nrsc']) pages.set(name, first)
      pages.set('/one\ngzip', second)
      t.notOk(pages.get('/one') ?? pages.get('/one\nrsc'))
      t.equal(pages.get('/one\ngzip'), second)
      pages.set('/one', second)
      t.ok(pages.get('/one\ngzip'), 'those of one generation stay')
      pages.deleteTags(['a'])
      t.equal(pages.get('/one') !== undefined, !second.tags.includes('a'))
      t.notOk(pages.get('/other'))
      pages.deleteTags(['b'])
      t.equal(pages.get('/one') !== undefined, second.tags.length === 0)
      pages.deleteKey('one')
      t.equal(pages.bytes, 0)
    })
  }
})

t.test('a page of another generation may be renewed at once', async t => {
  const pages = new StoredPages(1_000_000)
  const first = page('one')
  const second = { ...first, lifetime: { fresh: 1, usable: 1 } }
  pages.set('/one', first)
  t.equal(pages.beginRenewal(first, 1_000, 5_000), true)
  pages.set('/one\nrsc', first)
  t.equal(pages.beginRenewal(first, 1_001, 5_000), false)
  pages.set('/one\nrsc', second)
  t.equal(pages.beginRenewal(second, 1_001, 5_000), true)
})

t.test('no page takes the place of all others', async t => {
  const pages = new StoredPages(10_000_000)
  pages.set('/other', page('other'))
  for (let index = 0; index < 1_000; index++) pages.set(`/one\n${index}`, page('one'))
  t.ok(pages.get('/one\n999'))
  t.notOk(pages.get('/one\n900'))
  t.ok(pages.get('/other'))
  t.ok(pages.bytes < 500_000)
})

t.test('one has a page renewed, and the next when that comes to nothing', async t => {
  const pages = new StoredPages(1_000_000)
  const stored = page('one')
  pages.set('/one', stored)
  t.equal(pages.beginRenewal(stored, 1_000, 5_000), true)
  t.equal(pages.beginRenewal(stored, 5_999, 5_000), false)
  t.equal(pages.beginRenewal(stored, 6_000, 5_000), true)
  pages.endRenewal(stored)
  t.equal(pages.beginRenewal(stored, 6_001, 5_000), true)
  pages.deleteKey('one')
  t.equal(pages.beginRenewal(stored, 9_000, 5_000), false, 'it is not there')
})
