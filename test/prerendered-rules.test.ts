import t, { type Test } from 'tap'
import { comparable, type Remembering, serveRemembering } from './helpers/from-memory.js'

type Headers = Record<string, string>

const PLAIN = { 'accept-encoding': 'identity' }
const USER = { cookie: { cookie: 'user=1' }, header: { 'x-user': '1' }, query: {} } as const

async function serveBoth(t: Test, fixture: string) {
  return {
    memory: await serveRemembering(t, fixture),
    next: await serveRemembering(t, fixture, { prerenderCache: false })
  }
}

async function checkSame(
  t: Test,
  { memory, next }: { memory: Remembering; next: Remembering },
  path: string,
  headers: Headers
) {
  const answer = await memory.see(path, { ...PLAIN, ...headers })
  const expected = await next.load(path, { ...PLAIN, ...headers })
  t.strictSame(comparable(answer), comparable(expected), `${path} ${JSON.stringify(headers)}`)
  return answer
}

t.test('a page under a rule with a condition is answered by Next', async t => {
  const both = await serveBoth(t, 'fresh-rules')
  for (const [path, condition, status, text] of [
    ['/before-cookie', 'cookie', 200, 'other'],
    ['/before-header', 'header', 200, 'other'],
    ['/before-query', 'query', 200, 'other'],
    ['/after/one', 'header', 200, 'other'],
    ['/redirected-if', 'cookie', 307, '/other'],
    ['/headed-if', 'header', 200, 'headed-if'],
    ['/missing', 'cookie', 200, 'missing']
  ] as const) {
    await t.test(path, async t => {
      const mine = condition === 'query' ? `${path}?user=1` : path
      for (let visit = 0; visit < 4; visit++) {
        const plain = await checkSame(t, both, path, {})
        t.equal(plain.source, 'Next')
        t.equal(plain.status, 200)
        const own = await checkSame(t, both, mine, USER[condition])
        t.equal(own.source, 'Next')
        t.equal(own.status, status)
        t.match(String(own.body), text)
        // Rules have a path in any case, pages in one.
        for (const other of [path.toUpperCase(), `${path}/`, path.replace('e', '%65')]) {
          await checkSame(t, both, mine.replace(path, other), USER[condition])
          await checkSame(t, both, other, {})
        }
      }
    })
  }
})

t.test('what the rules lead to is kept for those who ask for it', async t => {
  const both = await serveBoth(t, 'fresh-rules')
  for (let visit = 0; visit < 3; visit++) {
    await checkSame(t, both, '/before-cookie', USER.cookie)
    await checkSame(t, both, '/after/one', USER.header)
  }
  t.match((await checkSame(t, both, '/other', {})).body, /<p>other<\/p>/)
  t.equal((await checkSame(t, both, '/other', {})).source, 'memory')
  t.match((await checkSame(t, both, '/before-cookie', {})).body, /<p>before-cookie</)
})

/** Has a client load a page from memory, and ask once more with its entity tag. */
async function loadAgain(t: Test, both: Awaited<ReturnType<typeof serveBoth>>, path: string) {
  await both.memory.warm(path, PLAIN)
  const { source, headers } = await checkSame(t, both, path, {})
  t.equal(source, 'memory')
  const unchanged = await checkSame(t, both, path, { 'if-none-match': String(headers.etag) })
  return { headers, unchanged }
}

t.test('headers without a condition are kept with the page', async t => {
  const both = await serveBoth(t, 'fresh-rules')
  const { headers, unchanged } = await loadAgain(t, both, '/headed')
  t.equal(headers['x-headed'], 'yes')
  t.strictSame([unchanged.source, unchanged.status], ['memory', 304])
})

t.test('headers that describe the body stay with what has none', async t => {
  const both = await serveBoth(t, 'fresh-rules')
  const { headers, unchanged } = await loadAgain(t, both, '/described')
  t.match(headers['content-type'], 'charset=own')
  t.strictSame(
    [unchanged.status, unchanged.headers['content-type']],
    [304, 'text/html; charset=own']
  )
})

t.test('rules that come after pages do not concern them', async t => {
  const both = await serveBoth(t, 'fresh-rules')
  for (let visit = 0; visit < 3; visit++) {
    t.match((await checkSame(t, both, '/fall/one', {})).body, /<p>fall /)
    t.match((await checkSame(t, both, '/fall/one', USER.cookie)).body, /<p>fall /)
    t.equal((await checkSame(t, both, '/fall/two', {})).status, 404)
    const fallen = await checkSame(t, both, '/fall/two', USER.cookie)
    t.strictSame([fallen.source, fallen.status], ['Next', 200])
    t.match(fallen.body, /<p>other</)
  }
})

t.test('with cache components, whole pages are kept, and parts of pages are not', async t => {
  const both = await serveBoth(t, 'fresh-components')
  for (let visit = 0; visit < 4; visit++) {
    for (const visitor of ['one', 'two']) {
      const { body, source } = await both.memory.see('/partial', { ...PLAIN, 'x-visitor': visitor })
      t.equal(source, 'Next')
      t.match(String(body), `visitor <!-- -->${visitor}`)
    }
  }
  await both.memory.warm('/whole', PLAIN)
  t.equal((await checkSame(t, both, '/whole', {})).source, 'memory')
  await both.memory.load('/renew')
  t.equal((await both.memory.see('/whole', PLAIN)).source, 'Next')
})

t.test('with cache components, Next answers robots that take no streams', async t => {
  const both = await serveBoth(t, 'fresh-components')
  for (const agent of ['Bingbot/2.0', 'Slackbot-LinkExpanding 1.0', 'Mozilla/5.0 (BingBot)']) {
    for (const path of ['/whole', '/partial']) {
      const robot = { 'user-agent': agent }
      for (let visit = 0; visit < 3; visit++) {
        t.equal((await checkSame(t, both, path, robot)).source, 'Next', `${agent} ${path}`)
      }
    }
    await both.memory.warm('/whole', PLAIN)
    t.equal((await checkSame(t, both, '/whole', {})).source, 'memory')
    t.equal((await checkSame(t, both, '/whole', { 'user-agent': 'Mozilla/5.0' })).source, 'memory')
    t.equal((await checkSame(t, both, '/whole', { 'user-agent': agent })).source, 'Next')
  }
})
