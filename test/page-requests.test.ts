import t from 'tap'
import { isKept, nameOf, pathOf } from '../src/prerender/page-request.js'

const named = (url: string, headers = {}, method = 'GET') => nameOf({ method, url, headers })
const plain = (path: string) => `${path}\nidentity`

t.test('a page is named by its path and its coding alone', async t => {
  for (const url of ['/', '/a', '/a/b-c_d.e~f', '/a/', '/gr%C3%B6%C3%9Fe', '/a@b,c']) {
    t.equal(named(url), plain(url))
    t.equal(named(`${url}?utm_source=x&b`), plain(url))
    t.equal(named(url, { cookie: 'user=1', accept: '*/*', host: 'a' }), plain(url))
    t.equal(named(url, { 'accept-encoding': 'gzip' }), `${url}\ngzip`)
    t.equal(named(url, { 'accept-encoding': 'gzip' }, 'HEAD'), plain(url), 'Next codes none')
  }
})

t.test('what has a query, or no body, is found and not kept', async t => {
  const kept = (url: string, headers = {}, method = 'GET') => isKept({ method, url, headers })
  t.ok(kept('/a'))
  t.ok(kept('/a?_rsc=x', { rsc: '1' }))
  t.notOk(kept('/a?utm_source=x'))
  t.notOk(kept('/a', {}, 'HEAD'))
})

t.test('what only Next can answer has no name', async t => {
  for (const method of ['POST', 'PUT', 'OPTIONS', 'DELETE'])
    t.equal(named('/a', {}, method), undefined)
  for (const url of [
    '',
    'a',
    '*',
    'http://evil.example/a',
    '//evil.example',
    '/a//b',
    '/a\\b',
    '/%61',
    '/a%2Fb',
    '/a%2fb',
    '/%c3%b6',
    '/%',
    '/%zz',
    '/a/../b',
    '/%C3%B6/../b',
    '/a/..',
    '/./a',
    '/a;b',
    '/a#b',
    '/a?_rsc=x',
    '/a?nxtPslug=x',
    '/a?b&nxtIslug=x',
    '/a?nextInternalLocale=fr',
    '/a?__nextppronly=1',
    '/a?dpl=x',
    '/a?%6ext=x',
    '/a?b=1&n%78tPslug=x',
    '/a?b+c=1',
    `/${'a'.repeat(4_100)}`
  ]) {
    t.equal(named(url), undefined, url)
  }
  for (const headers of [
    { 'next-action': 'x' },
    { 'next-hmr-refresh': '1' },
    { 'next-resume': '1' },
    { 'next-unknown': '1' },
    { 'x-prerender-revalidate': 'x' },
    { 'x-prerender-revalidate-if-generated': '1' },
    { 'x-nextjs-data': '1' },
    { 'x-nextjs-data': '1', rsc: '1' },
    { 'x-next-resume-state-length': '1' },
    { 'x-middleware-prefetch': '1' },
    { 'x-matched-path': '/' },
    { 'x-now-route-matches': '1' },
    { 'x-invoke-path': '/' },
    { 'x-invocation-id': '1' },
    { 'content-length': '0' },
    { 'transfer-encoding': 'chunked' },
    { range: 'bytes=0-1' },
    { 'if-match': '*' },
    { cookie: 'a=1; __prerender_bypass=forged' },
    { cookie: '__next_preview_data=x' },
    { cookie: 'next-instant-navigation-testing=1' }
  ]) {
    t.equal(named('/a', headers), undefined, JSON.stringify(headers))
  }
})

t.test('what the router asks for is named by all that its answer depends on', async t => {
  const router = { rsc: '1', 'next-url': '/a' }
  const name = named('/a?_rsc=abc', router)
  t.type(name, 'string')
  t.equal(pathOf('/a?_rsc=abc'), '/a')
  const others = [
    named('/a'),
    named('/a?_rsc=abd', router),
    named('/b?_rsc=abc', router),
    named('/a?_rsc=abc', { ...router, 'next-url': '/b' }),
    named('/a?_rsc=abc', { ...router, 'next-router-prefetch': '1' }),
    named('/a?_rsc=abc', { ...router, 'next-router-prefetch': '2' }),
    named('/a?_rsc=abc', { ...router, 'next-router-segment-prefetch': '/_tree' }),
    named('/a?_rsc=abc', { ...router, 'next-router-state-tree': '[]' })
  ]
  t.equal(new Set([name, ...others]).size, others.length + 1)
  t.notOk(others.includes(undefined))
  for (const [url, headers] of [
    ['/a', router],
    ['/a?_rsc=', { 'next-url': '/a' }],
    ['/a?_rsc=abc', { rsc: '2' }],
    ['/a?_rsc=abc&b=1', router],
    ['/a?b=1&_rsc=abc', router],
    ['/a?_rsc=%61', router],
    ['/a?_rsc=abc', { 'next-router-prefetch': '1' }]
  ] as const) {
    t.equal(named(url, headers), undefined, url)
  }
})

t.test('data is named as such', async t => {
  const data = { 'x-nextjs-data': '1' }
  const path = '/_next/data/build/a.json'
  t.type(named(path, data), 'string')
  t.not(named(path, data), named(path))
  t.equal(named(path, { 'x-nextjs-data': '2' }), undefined)
  t.equal(named(path, { ...data, rsc: '1' }), undefined)
})

t.test('the coding is the one that Next would choose, where that is plain', async t => {
  const codings = {
    gzip: 'gzip',
    'gzip, deflate, br': 'gzip',
    'deflate, GZIP;q=0.3': 'gzip',
    'br, gzip;q=0.5': 'gzip',
    br: 'identity',
    'zstd, br': 'identity',
    identity: 'identity',
    '': 'identity',
    '*': undefined,
    deflate: undefined,
    'br, deflate': undefined,
    'gzip;q=0': undefined,
    'gzip, gzip;q=0': undefined,
    'gzip;q=0.1, identity': undefined,
    'gzip;q=2': undefined,
    'gz ip': undefined
  }
  for (const [accepted, coding] of Object.entries(codings)) {
    const name = named('/a', { 'accept-encoding': accepted })
    t.equal(name, coding && `/a\n${coding}`, accepted)
  }
})
