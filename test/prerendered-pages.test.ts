import t, { type Test } from 'tap'
import {
  comparable,
  pathForRouter,
  type Remembering,
  serveRemembering
} from './helpers/from-memory.js'

type Headers = Record<string, string>

const PLAIN = { 'accept-encoding': 'identity' }
const NOTHING = { prerenderCache: false } as const
const ROUTER = { rsc: '1' }
const SEGMENT = {
  rsc: '1',
  'next-router-prefetch': '1',
  'next-router-segment-prefetch': '/_tree'
}

/** The same build twice, with and without what is tested. */
async function serveBoth(t: Test, fixture = 'fresh') {
  const memory = await serveRemembering(t, fixture)
  const next = await serveRemembering(t, fixture, NOTHING)
  return { memory, next }
}

/** Checks that an answer is from memory and what Next says. */
async function checkSame(
  t: Test,
  { memory, next }: { memory: Remembering; next: Remembering },
  path: string,
  headers: Headers,
  method = 'GET'
) {
  const name = `${method} ${path} ${JSON.stringify(headers)}`
  const answer = await memory.see(path, headers, method)
  t.equal(answer.source, 'memory', name)
  const expected = await next.see(path, headers, method)
  t.equal(expected.source, 'Next', name)
  const { body } = await next.load(path, { ...headers, 'accept-encoding': 'identity' })
  const whole = method === 'HEAD' ? body : undefined
  t.strictSame(comparable(answer, whole), comparable(expected, whole), name)
  const { 'content-length': length = answer.headers['content-length'] } = expected.headers
  t.equal(answer.headers['content-length'], length, name)
  return answer
}

/** Of each kind that does not change while a test runs. */
const KINDS = {
  'a page': '/path',
  'a page with a parameter': '/tagged/one',
  'a page that its first visit has made': '/visited/first',
  'an automatic page': '/automatic',
  'a page of the Pages Router': '/data',
  'a data file': '/_next/data/fresh/data.json',
  'a route handler': '/own/x-own',
  'a metadata file': '/robots.txt'
}

const both = await serveBoth(t)

t.test('answers from memory are those of Next', async t => {
  for (const [kind, path] of Object.entries(KINDS)) {
    await t.test(kind, async t => {
      const isRoute = path.startsWith('/own') || path === '/robots.txt'
      const own: Headers = path.startsWith('/_next/data') ? { 'x-nextjs-data': '1' } : {}
      const plain = { ...PLAIN, ...own }
      const coded = { 'accept-encoding': 'gzip, deflate, br', ...own }
      for (const headers of [plain, coded]) {
        for (const { warm } of Object.values(both)) await warm(path, headers)
      }
      const { headers } = await checkSame(t, both, path, plain)
      await checkSame(t, both, path, own)
      const { body } = await checkSame(t, both, path, coded)
      t.ok(body.length > 0)
      await checkSame(t, both, path, { ...plain, cookie: 'user=1', authorization: 'Basic eDp5' })
      if (isRoute) {
        for (const [headers, method] of [
          [plain, 'HEAD'],
          [{ ...plain, 'if-none-match': '*' }, 'GET']
        ] as const) {
          const answer = await both.memory.see(path, headers, method)
          const expected = await both.next.load(path, headers, method)
          t.strictSame(comparable(answer), comparable(expected))
        }
        return
      }
      await checkSame(t, both, path, plain, 'HEAD')
      await checkSame(t, both, path, coded, 'HEAD')
      if (!own['x-nextjs-data']) await checkSame(t, both, `${path}?utm_source=x`, plain)
      const etag = String(headers.etag)
      for (const [tag, status] of [
        [etag, 304],
        [`W/${etag}`, 304],
        [`"other", ${etag}`, 304],
        [`W/"other",W/${etag}`, 304],
        ['*', 304],
        ['"other"', 200],
        [etag.replaceAll('"', ''), 200],
        ['', 200]
      ] as const) {
        for (const headers of [plain, coded]) {
          const conditional = { ...headers, 'if-none-match': tag }
          const answer = await checkSame(t, both, path, conditional)
          t.equal(answer.status, status, tag)
          t.equal((await checkSame(t, both, path, conditional, 'HEAD')).status, status)
        }
      }
      const tagged = { ...plain, 'if-none-match': etag }
      const forced = await checkSame(t, both, path, { ...tagged, 'cache-control': 'no-cache' })
      t.equal(forced.status, 200)
      const dated = { 'if-modified-since': new Date(Date.now() + 60_000).toUTCString() }
      for (const headers of [plain, tagged])
        await checkSame(t, both, path, { ...headers, ...dated })
    })
  }
})

t.test("what Next's router asks for is answered from memory", async t => {
  for (const path of ['/path', '/tagged/one', '/visited/first']) {
    const bodies = new Set<string>()
    for (const asked of [
      ROUTER,
      SEGMENT,
      { ...SEGMENT, 'next-router-segment-prefetch': '/_full' },
      { ...ROUTER, 'next-url': '/elsewhere' }
    ]) {
      const headers = { ...PLAIN, ...asked }
      const url = await pathForRouter(both.memory.load, path, headers)
      for (const { warm } of Object.values(both)) {
        await warm(url, headers)
        await warm(url, { ...headers, 'accept-encoding': 'gzip' })
      }
      const answer = await checkSame(t, both, url, headers)
      bodies.add(String(answer.body))
      await checkSame(t, both, url, { ...headers, 'accept-encoding': 'gzip' })
      await checkSame(t, both, url, headers, 'HEAD')
      const { status } = await both.memory.load(path, headers)
      t.equal(status, 307, 'without the hash Next still sends on')
    }
    t.ok(bodies.size >= 2, path)
  }
})

t.test('nothing is kept but hits of pages that are prerendered', async t => {
  const { memory, next } = both
  for (const path of [
    '/dynamic',
    '/nowhere',
    '/_not-found',
    '/rendered',
    '/draft',
    '/api/nowhere',
    '/own/vary',
    '/own/set-cookie',
    '/_next/data/other/data.json'
  ]) {
    for (let visit = 0; visit < 4; visit++) {
      const answer = await memory.see(path, PLAIN)
      t.equal(answer.source, 'Next', path)
      t.strictSame(comparable(answer), comparable(await next.load(path, PLAIN)), path)
    }
  }
  for (let visit = 0; visit < 4; visit++) {
    // Whether it is kept or not: it says by itself for how long others may keep it.
    const answer = await memory.load('/own/cache-control', PLAIN)
    t.strictSame(comparable(answer), comparable(await next.load('/own/cache-control', PLAIN)))
  }
})

t.test('a page that nobody has visited is kept from its second visit on', async t => {
  const { see } = both.memory
  const sources: [string, unknown][] = []
  for (let visit = 0; visit < 4; visit++) {
    const { source, headers } = await see('/visited/new', PLAIN)
    sources.push([source, headers['x-nextjs-cache']])
  }
  t.strictSame(sources, [
    ['Next', 'MISS'],
    ['Next', 'HIT'],
    ['memory', 'HIT'],
    ['memory', 'HIT']
  ])
})

t.test('a query has no answer of its own in memory', async t => {
  const { see } = both.memory
  for (let visit = 0; visit < 3; visit++) {
    t.equal((await see('/visited/queried?utm_source=x', PLAIN)).source, 'Next')
  }
  t.equal((await see('/visited/queried', PLAIN)).source, 'Next')
  t.equal((await see('/visited/queried', PLAIN)).source, 'memory')
  t.equal((await see('/visited/queried?utm_source=x', PLAIN)).source, 'memory')
  t.equal((await see('/visited/queried?utm_source=y&utm_medium', PLAIN)).source, 'memory')
})

t.test('an answer to HEAD has no body to keep', async t => {
  const { see } = both.memory
  for (let visit = 0; visit < 3; visit++) {
    t.equal((await see('/tagged/two', PLAIN, 'HEAD')).source, 'Next')
  }
  const { source, body } = await see('/tagged/two', PLAIN)
  t.equal(source, 'Next')
  t.match(String(body), '</html>')
  t.equal((await see('/tagged/two', PLAIN, 'HEAD')).source, 'memory')
})

t.test('each coding is kept by itself', async t => {
  const { see } = both.memory
  await see('/visited/coded?made', PLAIN)
  for (const [coding, source] of [
    ['gzip', 'Next'],
    ['gzip', 'memory'],
    ['br, gzip', 'memory'],
    ['identity;q=0.5', 'Next'],
    ['br', 'Next'],
    ['br', 'memory'],
    ['', 'memory']
  ] as const) {
    const answer = await see('/visited/coded', { 'accept-encoding': coding })
    t.equal(answer.source, source, coding)
    const expected = coding.includes('gzip') ? 'gzip' : undefined
    t.equal(answer.headers['content-encoding'], expected, coding)
  }
})
