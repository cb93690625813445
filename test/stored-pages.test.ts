import t from 'tap'
import type { StoredPage } from '../src/prerender/stored-page.js'
import { StoredPages } from '../src/prerender/stored-pages.js'

function page(cacheKey: string, tags: string[] = [], size = 1_000): StoredPage {
  return {
    body: Buffer.alloc(size),
    cacheKey,
    headers: {},
    isRoute: false,
    lifetime: { fresh: 0, usable: 0 },
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
  pages.clear()
  t.equal(pages.bytes, 0)
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
