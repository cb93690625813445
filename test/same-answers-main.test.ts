import t from 'tap'
import { count } from './helpers/lane.js'
import { callActions } from './same-answers/actions.js'
import { sameAnswers } from './same-answers/app.js'
import { type Posted, sendLargeBodies } from './same-answers/large-bodies.js'
import { loadAssets, renew, renewInTime } from './same-answers/renewal.js'
import { sendBadInputs } from './same-answers/sockets.js'
import { FORWARDED } from './same-answers/variants.js'

const ROUTES = [
  '/',
  '/static',
  '/posts/one',
  '/posts/gr%C3%B6%C3%9Fe',
  '/posts/%E6%97%A5%E6%9C%AC',
  '/posts/a%20b',
  '/posts/later',
  '/only/this',
  '/only/other',
  '/renewed/1',
  '/renewed/2',
  '/dynamic',
  '/stream',
  '/action',
  '/missing',
  '/missing-late',
  '/moved',
  '/moved-static',
  '/throws',
  '/throws-late',
  '/all/a/b%2Fc',
  '/preview',
  '/robots.txt',
  '/sitemap.xml',
  '/manifest.webmanifest',
  '/favicon.ico',
  '/opengraph-image',
  '/route/json',
  '/route/static',
  '/route/events',
  '/route/binary',
  '/route/cookies',
  '/route/empty',
  '/route/status?status=418',
  '/route/status?status=304',
  '/route/throws',
  '/route/moved',
  '/route/draft',
  '/route/renew',
  '/legacy',
  '/legacy/props',
  '/legacy/props?cache=1&status=203',
  '/legacy/props?missing=1',
  '/legacy/props?redirect=1',
  '/legacy/props?ended=1',
  '/legacy/static',
  '/legacy/posts/1',
  '/legacy/posts/gr%C3%B6%C3%9Fe',
  '/legacy/posts/later',
  '/legacy/posts/missing',
  '/legacy/posts/moved',
  '/legacy/later/1',
  '/legacy/later/2',
  '/legacy/throws',
  '/api/echo?status=201',
  '/api/raw',
  '/api/send',
  '/api/send?as=text',
  '/api/send?as=buffer',
  '/api/send?as=named',
  '/api/send?as=redirect',
  '/api/send?as=throw',
  '/api/send?as=empty',
  '/api/send?as=null',
  '/api/send?as=large',
  '/api/send?as=not-modified',
  '/api/preview',
  '/api/preview?draft=1',
  '/api/preview?off=1',
  '/api/renew',
  '/_next/data/same/legacy.json',
  '/_next/data/same/legacy/props.json',
  '/_next/data/same/legacy/static.json',
  '/_next/data/same/legacy/posts/2.json',
  '/_next/data/same/static.json',
  '/_next/data/other/legacy.json',
  '/_next/static/same/_buildManifest.js',
  '/_next/static/chunks/none.js',
  '/_next/image?url=%2Fsquares.png&w=64&q=75',
  '/_next/image?url=%2Fdot.svg&w=64&q=75',
  '/_next/image?url=%2Fsquares.png&w=65&q=75',
  '/old',
  '/old/gr%C3%B6%C3%9Fe',
  '/guarded',
  '/away',
  '/before/x/y',
  '/after/1',
  '/fall/x',
  '/nowhere',
  '/hello.txt',
  '/nested/deep/file.json',
  '/a%20folder/a%20file.txt',
  '/gr%C3%B6%C3%9Fe.txt',
  '/style.css',
  '/dot.svg',
  '/large.bin',
  '/large.txt'
]

const LARGE_BODIES: readonly Posted[] = [
  { path: '/static', headers: { 'Next-Resume': '1' } },
  { path: '/dynamic', headers: { 'Next-Resume': '1' } },
  { path: '/static' },
  { path: '/dynamic' },
  { path: '/legacy' },
  { path: '/hello.txt' },
  { path: '/nowhere' },
  { path: '/route/binary' },
  { path: '/action', headers: { 'Next-Action': 'deadbeef' } },
  { path: '/action', headers: { 'Content-Type': 'multipart/form-data; boundary=none' } },
  { path: '/api/echo', headers: { 'Content-Type': 'text/plain' } },
  { path: '/api/raw' }
]

const files = {
  'public/größe.txt': Buffer.from('Größe\n'),
  'public/large.bin': Buffer.from(Uint8Array.from({ length: 3_000_000 }, (_, i) => (i * i) % 251)),
  'public/large.txt': Buffer.from('A line of a large text\n'.repeat(50_000))
}

t.setTimeout(count(120_000, 1_800_000))

t.test('the plugin answers as next start does: both routers', t =>
  sameAnswers(t, {
    name: 'main',
    files,
    headers: FORWARDED,
    preview: '/api/preview',
    routes: ROUTES,
    trustProxy: true,
    async more(check, servers) {
      await callActions(check, '/action', FORWARDED)
      await renew(check, [
        ['/renewed/1', '/route/renew'],
        ['/legacy/posts/1', '/api/renew']
      ])
      await renewInTime(check, '/brief')
      for (const page of ['/', '/legacy']) await loadAssets(check, page)
      // The client waits for 5 s for the rest of the body.
      if (count(0, 1) === 1) await check.request({ method: 'GET', path: '/api/echo?exactly=none' })
      await sendBadInputs(check, servers)
      await sendLargeBodies(check, servers, LARGE_BODIES)
    }
  })
)
