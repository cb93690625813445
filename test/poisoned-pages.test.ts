import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import t, { type Test } from 'tap'
import {
  comparable,
  type Remembering,
  type Requested,
  serveRemembering
} from './helpers/from-memory.js'
import { setGlobal } from './helpers/globals.js'
import { exchange } from './helpers/wire.js'

type Headers = Record<string, string>

const PLAIN = { 'accept-encoding': 'identity' }
const CODED = { 'accept-encoding': 'gzip, deflate, br' }
const ROUTER = { ...PLAIN, rsc: '1' }
const DATA = { ...PLAIN, 'x-nextjs-data': '1' }
const TREE = encodeURIComponent(JSON.stringify(['', { children: ['__PAGE__', {}] }]))

/** What a client may try, so that others get what is not for them. `PAGE` is the path of a page. */
const POISON: Requested[] = [
  // As Next's router asks, or nearly.
  ['PAGE', { rsc: '1' }],
  ['PAGE?_rsc', { rsc: '1' }],
  ['PAGE?_rsc=', { rsc: '1' }],
  ['PAGE?_rsc=forged', { rsc: '1' }],
  ['PAGE?_rsc=forged', {}],
  ['PAGE?_rsc&_rsc=forged', { rsc: '1' }],
  ['PAGE?utm_source=x&_rsc', { rsc: '1' }],
  ['PAGE?_rsc', { rsc: '1', 'next-url': '/elsewhere' }],
  ['PAGE?_rsc', { rsc: '1', 'next-router-state-tree': TREE }],
  ['PAGE?_rsc', { rsc: '1', 'next-router-prefetch': '1' }],
  ['PAGE?_rsc', { rsc: '1', 'next-router-segment-prefetch': '/_tree' }],
  ['PAGE?_rsc', { rsc: '1', 'x-middleware-prefetch': '1' }],
  ['PAGE?_rsc', { rsc: '1', 'next-hmr-refresh': '1' }],
  ['PAGE', { rsc: '0' }],
  ['PAGE', { rsc: '2' }],
  ['PAGE', { rsc: '' }],
  ['PAGE?_rsc', { rsc: '2' }],
  ['PAGE', { 'next-router-prefetch': '1' }],
  ['PAGE', { 'next-router-segment-prefetch': '/_tree' }],
  ['PAGE', { 'next-router-state-tree': TREE }],
  ['PAGE', { 'next-router-state-tree': 'forged' }],
  ['PAGE', { 'next-url': '/elsewhere' }],
  ['PAGE', { accept: 'text/x-component' }],
  ['PAGE', { accept: 'application/json', 'content-type': 'application/json' }],
  ['PAGE', { purpose: 'prefetch', 'sec-purpose': 'prefetch' }],
  ['PAGE', { 'sec-fetch-dest': 'image' }],
  // Cookies.
  ['PAGE', { cookie: '__prerender_bypass=forged' }],
  ['PAGE', { cookie: '__next_preview_data=a.b.c' }],
  ['PAGE', { cookie: 'a=1; __prerender_bypass=forged; __next_preview_data=a.b.c' }],
  ['PAGE', { cookie: '__prerender_bypass' }],
  ['PAGE', { cookie: '%5F_prerender_bypass=forged' }],
  ['PAGE', { cookie: 'next-instant-navigation-testing=1' }],
  ['PAGE', { cookie: 'NEXT_LOCALE=fr; user=1', authorization: 'Basic eDp5' }],
  // What Next says to itself, or a proxy in front of it.
  ['PAGE', { 'x-prerender-revalidate': 'forged' }],
  ['PAGE', { 'x-prerender-revalidate': '', 'x-prerender-revalidate-if-generated': '1' }],
  ['PAGE', { 'x-nextjs-data': '1' }],
  ['PAGE', { 'x-matched-path': '/tagged/two', 'x-now-route-matches': '1=two' }],
  ['PAGE', { 'x-middleware-rewrite': '/tagged/two' }],
  ['PAGE', { 'x-middleware-subrequest': 'middleware:middleware:middleware:middleware' }],
  ['PAGE', { 'x-middleware-set-cookie': 'evil=1', 'x-middleware-next': '1' }],
  ['PAGE', { 'x-invoke-path': '/tagged/two', 'x-invoke-status': '500' }],
  ['PAGE', { 'x-invoke-error': '{"message":"evil"}', 'x-invoke-output': '/404' }],
  ['PAGE', { 'x-next-revalidated-tags': 'one', 'x-next-revalidate-tag-token': 'forged' }],
  ['PAGE', { 'x-next-cache-tags': 'evil', 'x-nextjs-cache': 'HIT' }],
  ['PAGE', { 'x-nextjs-request-id': 'evil', 'x-nextjs-html-request-id': 'evil' }],
  ['PAGE', { 'x-invocation-id': 'evil', 'x-deployment-id': 'evil' }],
  ['PAGE', { 'next-resume': '1', 'x-next-resume-state-length': '3' }],
  ['PAGE', { 'next-action': 'deadbeef' }],
  ['PAGE', { host: 'evil.example', 'x-forwarded-host': 'evil.example' }],
  ['PAGE', { host: 'a b<script>evil</script>' }],
  ['PAGE', { host: 'evil@evil.example:1' }],
  ['PAGE', { 'x-forwarded-proto': 'https', 'x-forwarded-port': '1', forwarded: 'host=evil' }],
  ['PAGE', { 'x-original-url': '/dynamic', 'x-rewrite-url': '/dynamic' }],
  ['PAGE', { 'x-http-method-override': 'DELETE' }],
  ['PAGE', { origin: 'http://evil.example', referer: 'http://evil.example/' }],
  ['PAGE', { 'accept-language': 'fr', 'user-agent': 'evil' }],
  ['PAGE', { 'user-agent': 'Bingbot/2.0' }],
  ['PAGE', { 'user-agent': 'Slackbot-LinkExpanding 1.0' }],
  ['PAGE', { traceparent: 'evil', baggage: 'evil=1' }],
  // Conditions, ranges, and what caches are told.
  ['PAGE', { range: 'bytes=0-9' }],
  ['PAGE', { range: 'bytes=-9', 'if-range': '"x"' }],
  ['PAGE', { range: 'bytes=0-1,3-4' }],
  ['PAGE', { 'if-none-match': '*' }],
  ['PAGE', { 'if-none-match': '*', ...CODED }],
  ['PAGE', { 'if-match': '"x"', 'if-unmodified-since': 'Thu, 01 Jan 1970 00:00:00 GMT' }],
  ['PAGE', { 'if-modified-since': 'Tue, 01 Jan 2041 00:00:00 GMT' }],
  ['PAGE', { 'cache-control': 'no-cache, no-store', pragma: 'no-cache' }],
  ['PAGE', { expect: '100-continue' }],
  // Other methods.
  ['PAGE', {}, 'HEAD'],
  ['PAGE', CODED, 'HEAD'],
  ['PAGE', {}, 'OPTIONS'],
  ['PAGE', {}, 'POST'],
  ['PAGE', { 'content-type': 'application/x-www-form-urlencoded' }, 'POST'],
  ['PAGE', { 'next-action': 'deadbeef' }, 'POST'],
  ['PAGE', {}, 'PUT'],
  ['PAGE', {}, 'DELETE'],
  // Queries.
  ['PAGE?user=1', {}],
  ['PAGE?', {}],
  ['PAGE?%', {}],
  ['PAGE?%zz=%00', {}],
  ['PAGE?nxtPslug=other', {}],
  ['PAGE?nxtPtag=other', {}],
  ['PAGE?nxtIslug=other', {}],
  ['PAGE?%6extPslug=other', {}],
  ['PAGE?a&amp;nxtPslug=other', {}],
  ['PAGE?slug=other&tag=other', {}],
  ['PAGE?nextInternalLocale=fr', {}],
  ['PAGE?__nextDataReq=1', {}],
  ['PAGE?__nextLocale=fr&__nextDefaultLocale=fr', {}],
  ['PAGE?__nextppronly=1', {}],
  ['PAGE?__flight__=1', {}],
  ['PAGE?amp=1', {}],
  ['PAGE?dpl=other', {}],
  // Other ways to write a path, and other paths.
  ['ESCAPED', {}],
  ['UPPER', {}],
  ['PAGE/', {}],
  ['/PAGE', {}],
  ['//evil.example/..PAGE', {}],
  ['/\\evil.example/..PAGE', {}],
  ['/.PAGE', {}],
  ['/other/..PAGE', {}],
  ['/other/%2e%2ePAGE', {}],
  ['PAGE/.', {}],
  ['PAGE/..', {}],
  ['PAGE%2F..', {}],
  ['PAGE%00', {}],
  ['PAGE%20', {}],
  ['PAGE%0d%0aset-cookie:evil=1', {}],
  ['PAGE%3Fa', {}],
  ['PAGE%23a', {}],
  ['PAGE;a=1', {}],
  ['PAGE#a', {}],
  ['PAGE.html', {}],
  ['PAGE.rsc', {}],
  ['PAGE.json', {}],
  ['PAGE.meta', {}],
  ['PAGE.segments/_tree.segment.rsc', {}],
  ['PAGE/index', {}],
  ['/indexPAGE', {}],
  ['/_next/data/freshPAGE.json', {}],
  ['/_next/data/freshPAGE.json', { 'x-nextjs-data': '1' }],
  ['http://evil.examplePAGE', {}],
  ['http://127.0.0.1PAGE', { rsc: '1' }]
]

/** What no client of Node sends. */
const RAW = [
  'GET PAGE HTTP/1.1\r\nHost: a\r\nHost: evil.example\r\n',
  'GET PAGE HTTP/1.1\r\nHost:\r\n',
  'GET PAGE HTTP/1.0\r\n',
  'GET PAGE HTTP/1.1\r\nHost: a\r\nRSC: 1\r\nRSC: 1\r\n',
  'GET PAGE HTTP/1.1\r\nHost: a\r\nNext-Url: /a\r\nNext-Url: /b\r\n',
  'GET PAGE HTTP/1.1\r\nHost: a\r\nCookie: a=1\r\nCookie: __prerender_bypass=forged\r\n',
  'GET PAGE HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\nAccept-Encoding: identity\r\n',
  'GET PAGE HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\n',
  'GET PAGE HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n',
  'GET PAGE HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n',
  'GET PAGE HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n'
]

/** A page, and how else it may be written. */
function at(page: string, path: string): string {
  const end = page.length - 1
  const code = page.charCodeAt(end).toString(16)
  return path
    .replace('ESCAPED', `${page.slice(0, end)}%${code}`)
    .replace('UPPER', page.toUpperCase())
    .replace('PAGE', page)
}

interface Both {
  memory: Remembering
  next: Remembering
}

async function serveBoth(t: Test): Promise<Both> {
  // Pages that are rendered for a request count themselves, and are compared.
  setGlobal(t, 'renders', new Proxy({}, { get: () => 1, set: () => true }))
  return {
    memory: await serveRemembering(t, 'fresh'),
    next: await serveRemembering(t, 'fresh', { prerenderCache: false })
  }
}

/** The answer without where it was asked; nothing, if the server has closed the connection. */
async function answered({ load, port }: Remembering, request: Requested): Promise<unknown> {
  const answer = await load(...request).catch((error: NodeJS.ErrnoException) => error.code)
  if (typeof answer !== 'object') return answer
  return JSON.parse(JSON.stringify(comparable(answer)).replaceAll(`127.0.0.1:${port}`, 'host'))
}

/** Where Next's router asks for a page, if it sends nothing but `RSC`. */
const routerPath = (page: string) => `${page}?_rsc`

/** What others ask for: they always get the same, which is what Next says. */
function visitorsOf(page: string): Requested[] {
  return [
    [page, PLAIN],
    [page, CODED],
    [routerPath(page), ROUTER],
    [page, PLAIN, 'HEAD']
  ]
}

/** What is wrong with a page that others get. */
async function wrongWith({ memory, next }: Both, page: string): Promise<string[]> {
  const text = String(page.split('/').pop())
  const wrong: string[] = []
  for (const request of visitorsOf(page)) {
    const answer = await memory.load(...request)
    const expected = await next.load(...request)
    const [path, headers, method] = request
    const body = headers === CODED ? gunzipSync(answer.body) : answer.body
    const type = path.includes('_rsc') ? 'text/x-component' : 'text/html; charset=utf-8'
    const isWrong = {
      status: answer.status !== 200,
      type: answer.headers['content-type'] !== type,
      coding: answer.headers['content-encoding'] !== (headers === CODED ? 'gzip' : undefined),
      cookie: answer.headers['set-cookie'] !== undefined,
      text: method !== 'HEAD' && !body.includes(text),
      evil: /evil/.test(JSON.stringify(answer.headers) + body.toString()),
      next: JSON.stringify(comparable(answer)) !== JSON.stringify(comparable(expected))
    }
    const names = Object.entries(isWrong).flatMap(([name, is]) => (is ? [name] : []))
    if (names.length > 0) wrong.push(`${nameOf(request)}: ${names}`)
  }
  return wrong
}

const nameOf = ([path, headers, method = 'GET']: Requested) =>
  `${method} ${path} ${JSON.stringify(headers)}`

const both = await serveBoth(t)

/** Both servers answer alike, also where the second answer may come from memory. */
async function sendTwice(t: Test, request: Requested): Promise<void> {
  for (let time = 0; time < 2; time++) {
    t.strictSame(
      await answered(both.memory, request),
      await answered(both.next, request),
      nameOf(request)
    )
  }
}

t.test('who comes after others gets the page, if it was in memory before', async t => {
  const page = '/tagged/one'
  for (const request of visitorsOf(page)) await both.memory.warm(...request)
  for (const [path, headers, method] of POISON) {
    const request: Requested = [at(page, path), headers, method]
    await sendTwice(t, request)
    t.strictSame(await wrongWith(both, page), [], nameOf(request))
  }
  for (const request of visitorsOf(page)) {
    t.equal((await both.memory.see(...request)).source, 'memory', 'and it still is')
  }
})

t.test('who comes after others gets the page, if they were the first', async t => {
  for (const [index, [path, headers, method]] of POISON.entries()) {
    const page = `/visited/row-${index}`
    const request: Requested = [at(page, path), headers, method]
    await sendTwice(t, request)
    for (let time = 0; time < 2; time++) {
      t.strictSame(await wrongWith(both, page), [], nameOf(request))
    }
    for (const visitor of visitorsOf(page)) {
      t.equal((await both.memory.see(...visitor)).source, 'memory', nameOf(request))
    }
  }
})

t.test('the same with what no usual client sends', async t => {
  for (const [index, head] of RAW.entries()) {
    const page = `/visited/raw-${index}`
    for (let time = 0; time < 3; time++) {
      for (const { port } of [both.memory, both.next]) {
        const body = head.includes('Content-Length') ? 'a=1' : '0\r\n\r\n'
        const rest = /Content-Length|Transfer/.test(head) ? body : ''
        await exchange(port, `${head.replace('PAGE', page)}Connection: close\r\n\r\n${rest}`)
      }
      t.strictSame(await wrongWith(both, page), [], head)
    }
  }
})

t.test('data files and their pages are told apart', async t => {
  const file = '/_next/data/fresh/data.json'
  for (const isWarm of [false, true]) {
    for (const [path, headers, method] of [
      [file, {}],
      [file, { 'x-nextjs-data': '0' }],
      [`${file}?user=1`, { 'x-nextjs-data': '1' }],
      [file, { 'x-nextjs-data': '1', rsc: '1' }],
      [file, { 'x-nextjs-data': '1', cookie: '__prerender_bypass=forged' }],
      [file, { 'x-nextjs-data': '1', 'x-middleware-prefetch': '1' }],
      [file, { 'x-nextjs-data': '1' }, 'HEAD'],
      [file, { 'x-nextjs-data': '1' }, 'POST'],
      ['/_next/data/other/data.json', { 'x-nextjs-data': '1' }],
      ['/_next/data/fresh/DATA.json', { 'x-nextjs-data': '1' }],
      ['/_next/data/fresh/%64ata.json', { 'x-nextjs-data': '1' }],
      ['/_next/data/fresh//data.json', { 'x-nextjs-data': '1' }],
      ['/_next/data/fresh/automatic.json', { 'x-nextjs-data': '1' }],
      ['/_next/data/fresh/path.json', { 'x-nextjs-data': '1' }],
      ['/data', { 'x-nextjs-data': '1' }],
      ['/data?__nextDataReq=1', {}],
      ['/data.json', {}],
      ['/data', { rsc: '1' }],
      ['/data?_rsc', { rsc: '1' }]
    ] as Requested[]) {
      for (let time = 0; time < 3; time++) {
        const request: Requested = [path, { ...PLAIN, ...headers }, method]
        const name = `${isWarm} ${nameOf(request)}`
        t.strictSame(await answered(both.memory, request), await answered(both.next, request), name)
      }
      if (!isWarm && path === '/_next/data/fresh/automatic.json') continue
      for (const [path, headers] of [
        [file, DATA],
        ['/data', PLAIN],
        ['/automatic', PLAIN]
      ] as const) {
        const answer = await both.memory.load(path, headers)
        t.match(answer.headers['content-type'], headers === DATA ? 'json' : 'html')
        t.strictSame(comparable(answer), comparable(await both.next.load(path, headers)))
      }
    }
  }
})

/** With whom Next is to decide, though it may say the same to all of them. */
const OF_NEXT = [
  '*',
  'gzip;q=0, *',
  '*;q=0',
  'identity;q=0',
  'gzip, identity;q=0',
  'identity, gzip;q=0.5',
  'deflate',
  'br, deflate',
  'gzip, gzip;q=0',
  'gzip;q=0, gzip',
  'br, br',
  'gzip;q=2',
  'gzip;q=-1',
  'gzip;q=a',
  'gzip;level=9',
  'gzip;q=1;q=0',
  ';q=1',
  'gzip q=0'
]
const OTHERS = [
  'identity',
  'gzip',
  'GZIP',
  'x-gzip',
  'gzip, deflate, br',
  'br;q=1.0, gzip;q=0.5',
  'gzip ; q=0.001',
  'gzip;q=0',
  'gzip;q=0.000',
  'gzip;q=0, br',
  'deflate;q=0',
  'deflate;q=0, gzip',
  'br',
  'br, zstd',
  'zstd;q=0',
  '',
  ',',
  ', gzip',
  'gzip,',
  'gzip,,br'
]

t.test('each client gets the coding that Next would send', async t => {
  for (const page of ['/path', '/act', '/visited/coding']) {
    for (const isWarm of [false, true]) {
      for (const coding of [...OF_NEXT, ...OTHERS]) {
        const headers: Headers = { 'accept-encoding': coding }
        const name = `${page} ${coding} ${isWarm}`
        const answer = await both.memory.see(page, headers)
        t.strictSame(comparable(answer), comparable(await both.next.load(page, headers)), name)
        if (OF_NEXT.includes(coding)) t.equal(answer.source, 'Next', name)
      }
      for (const headers of [PLAIN, CODED]) await both.memory.warm(page, headers)
    }
  }
})

t.test('an answer of the router is never that of a page', async t => {
  const { load } = both.memory
  const url = routerPath('/tagged/one')
  const kinds = await Promise.all(
    Array.from({ length: 100 }, async (_, index) => {
      const isPage = index % 2 === 0
      const answer = await load(isPage ? '/tagged/one' : url, isPage ? PLAIN : ROUTER)
      return [isPage, String(answer.headers['content-type']).split(';', 1)[0]].join()
    })
  )
  t.strictSame([...new Set(kinds)].sort(), ['false,text/x-component', 'true,text/html'])
})

t.test('who sees drafts sees them alone', async t => {
  for (const page of ['/tagged/two', '/visited/draft']) {
    for (let time = 0; time < 2; time++) {
      const { headers } = await both.memory.load('/draft', PLAIN)
      const [cookie = ''] = String(headers['set-cookie']).split(';', 1)
      t.match(cookie, /^__prerender_bypass=\w{32}$/)
      for (let visit = 0; visit < 2; visit++) {
        const draft = await both.memory.see(page, { ...PLAIN, cookie })
        t.equal(draft.source, 'Next')
        t.match(draft.headers['cache-control'], 'no-store')
      }
      const ended = await both.memory.see('/draft?end', { ...PLAIN, cookie })
      t.equal(ended.source, 'Next')
      t.strictSame(await wrongWith(both, page), [], 'a draft')
    }
  }
})

t.test('who knows the secret of the build has a page renewed, and all see it', async t => {
  const { dir, see, warm } = await serveRemembering(t, 'fresh')
  const props = join(dir, '.next', 'server', 'preview-props.json')
  const secret = String(JSON.parse(await readFile(props, 'utf8')).previewModeId)
  t.match(secret, /^\w{32}$/)
  for (const coding of [PLAIN, CODED]) await warm('/path', coding)
  const router = routerPath('/path')
  await warm(router, ROUTER)
  for (let time = 0; time < 2; time++) {
    const renewed = await see('/path', { ...PLAIN, 'x-prerender-revalidate': secret })
    t.equal(renewed.source, 'Next')
    t.equal(renewed.headers['x-nextjs-cache'], 'REVALIDATED')
    const [text = ''] = /path \d+/.exec(String(renewed.body)) ?? []
    const after = await see('/path', PLAIN)
    t.match(String(after.body), `<p>${text}</p>`)
    t.match(String((await see(router, ROUTER)).body), text)
    await warm('/path', PLAIN)
    const last = await see('/path', PLAIN)
    t.equal(last.source, 'memory')
    t.match(String(last.body), `<p>${text}</p>`)
  }
})
