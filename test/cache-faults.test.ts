import type { FastifyBaseLogger } from 'fastify'
import t, { type Test } from 'tap'
import { faultOf } from '../src/next/cache-entry.js'
import { type CacheHandler, cacheGuard } from '../src/next/cache-faults.js'
import { event } from './helpers/event.js'

const MINUTE = 60_000
const PAGE = { kind: 'APP_PAGE' }

interface Line {
  err?: unknown
  heldBack: number
  msg: string
}

function guarded(handler: CacheHandler) {
  const lines: Line[] = []
  const error = (values: Line, msg: string) => void lines.push({ ...values, msg })
  const guard = cacheGuard({ error } as unknown as FastifyBaseLogger)(() => handler)
  return { guard: guard as Required<CacheHandler>, lines }
}

/** Lets time pass for the guard. */
function clock(t: Test) {
  let passed = 0
  const now = performance.now.bind(performance)
  t.intercept(performance, 'now', { value: () => now() + passed })
  return (ms: number) => {
    passed += ms
  }
}

t.test('a cache that hangs is left alone for a while, and then asked by one', async t => {
  const pass = clock(t)
  const asked: string[] = []
  let answer = async (): Promise<unknown> => new Promise(() => {})
  const { guard, lines } = guarded({
    get: key => {
      asked.push(String(key))
      return answer()
    },
    set: key => void asked.push(String(key)),
    revalidateTag: tag => void asked.push(String(tag))
  })
  t.equal(await guard.get('first', PAGE), null)
  t.equal(await guard.get('second', PAGE), null)
  t.equal(await guard.set('third', {}, {}), undefined)
  t.strictSame(asked.splice(0), ['first'])

  pass(6_000)
  const held = event('the answer')
  answer = () => held.happened.then(() => null)
  const trial = guard.get('fourth', PAGE)
  t.equal(await guard.get('fifth', PAGE), null)
  held.happen()
  t.equal(await trial, null)
  t.equal(await guard.get('sixth', PAGE), null)
  t.strictSame(asked, ['fourth', 'sixth'])
  t.match(lines, [{ msg: /get\(\) took more than 2000 ms/ }])
  t.equal(lines.length, 1)
})

t.test('a tag is revalidated meanwhile, and what comes late does no harm', async t => {
  const rejections: unknown[] = []
  const note = (reason: unknown) => void rejections.push(reason)
  process.on('unhandledRejection', note)
  t.teardown(() => process.off('unhandledRejection', note))
  const held = event('the late failure')
  const tags: unknown[] = []
  const { guard } = guarded({
    get: () => held.happened.then(() => Promise.reject(new Error('late'))),
    revalidateTag: tag => void tags.push(tag)
  })
  t.equal(await guard.get('key', PAGE), null)
  await guard.revalidateTag('tag')
  t.strictSame(tags, ['tag'])
  held.happen()
  await new Promise(setImmediate)
  t.strictSame(rejections, [])
})

t.test('each kind of fault is logged once a minute, with the number of the others', async t => {
  const pass = clock(t)
  const { guard, lines } = guarded({
    get() {
      throw new Error('down')
    },
    set: async () => {
      throw new Error('down too')
    }
  })
  for (let i = 0; i < 3; i++) {
    await guard.get('key', PAGE)
    await guard.set('key', {}, {})
  }
  pass(MINUTE)
  await guard.get('key', PAGE)
  const msg = (name: string) => `cacheHandler: ${name}() failed. Next.js goes on without it.`
  t.match(lines, [
    { msg: msg('get'), heldBack: 0, err: { message: 'down' } },
    { msg: msg('set'), heldBack: 0, err: { message: 'down too' } },
    { msg: msg('get'), heldBack: 2, err: { message: 'down' } }
  ])
  t.equal(lines.length, 3)
})

t.test('what else a cache handler has is its own', async t => {
  class Handler {
    [name: PropertyKey]: unknown
    #secret = 'own'
    size = 1
    read() {
      return this.#secret
    }
    resetRequestCache() {
      throw new Error('not now')
    }
  }
  const { guard, lines } = guarded(new Handler())
  t.equal(guard.size, 1)
  t.equal((guard.read as () => unknown)(), 'own')
  t.equal(guard.missing, undefined)
  await guard.resetRequestCache()
  t.match(lines, [{ msg: /resetRequestCache\(\) failed/ }])
  t.equal(await guard.get('key', PAGE), null, 'it has no get()')
})

const html = '<h1>Page</h1>'
const bytes = Buffer.from(html)
const headers = { 'content-type': 'text/html', link: ['</a>', '</b>'], 'x-length': 1 }
const VALUES = [
  { kind: 'APP_PAGE', html, rscData: bytes, segmentData: new Map(), headers, status: 200 },
  { kind: 'APP_PAGE', html, rscData: undefined, postponed: undefined, status: undefined },
  { kind: 'APP_ROUTE', body: bytes, headers, status: 201 },
  { kind: 'PAGES', html, pageData: {}, headers: undefined, status: undefined },
  { kind: 'FETCH', data: { headers, body: 'e30=', url: '', status: 404 }, tags: ['a'] },
  { kind: 'FETCH', data: { headers: {}, status: 200, url: '' }, revalidate: false },
  { kind: 'IMAGE', buffer: bytes, etag: 'a', upstreamEtag: 'b', extension: 'png' }
]

t.test('entries that Next can read pass', async t => {
  for (const value of VALUES) {
    const cacheControl = { revalidate: 1, expire: undefined }
    for (const around of [{}, { lastModified: Date.now() }, { lastModified: -1, cacheControl }]) {
      t.equal(faultOf({ ...around, value }, value.kind), undefined, value.kind)
    }
  }
  const redirect = { kind: 'REDIRECT', props: { pageProps: { __N_REDIRECT: '/' } } }
  t.equal(faultOf({ value: redirect }, 'PAGES'), undefined)
  t.equal(faultOf({ value: null }, 'PAGES'), undefined)
  for (const miss of [null, undefined]) t.equal(faultOf(miss, 'APP_PAGE'), undefined)
  t.equal(faultOf({ value: { kind: 'LATER' } }, 'LATER'), undefined)
})

t.test('entries that it can not read are named', async t => {
  const [page, , route, pages, data] = VALUES
  for (const [entry, kind, fault] of [
    ['text', 'PAGES', 'no object'],
    [{}, 'PAGES', 'value.kind'],
    [{ value: null }, 'APP_PAGE', 'value.kind'],
    [{ value: page }, 'FETCH', 'value.kind'],
    [{ value: page, lastModified: 'now' }, 'APP_PAGE', 'lastModified'],
    [{ value: page, cacheControl: { revalidate: 0 } }, 'APP_PAGE', 'cacheControl'],
    [{ value: { ...page, html: 1 } }, 'APP_PAGE', 'value.html'],
    [
      { value: { ...page, rscData: JSON.parse(JSON.stringify(bytes)) } },
      'APP_PAGE',
      'value.rscData'
    ],
    [{ value: { ...page, segmentData: {} } }, 'APP_PAGE', 'value.segmentData'],
    [{ value: { ...page, headers: { link: {} } } }, 'APP_PAGE', 'value.headers'],
    [{ value: { ...page, status: 42 } }, 'APP_PAGE', 'value.status'],
    [{ value: { ...route, headers: undefined } }, 'APP_ROUTE', 'value.headers'],
    [{ value: { ...pages, pageData: 'text' } }, 'PAGES', 'value.pageData'],
    [{ value: { ...data, data: { body: '' } } }, 'FETCH', 'value.data'],
    [{ value: { kind: 'REDIRECT', props: { pageProps: {} } } }, 'PAGES', 'value.props']
  ] as const) {
    t.equal(faultOf(entry, kind), fault, `${kind}: ${fault}`)
  }
})
