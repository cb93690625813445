import type { Request } from '../same-answers/exchange.js'

/** What may be answered from memory once `next start` has called it a hit, all of it over 1 kB. */
export const REMEMBERED = [
  '/hour',
  '/short',
  '/path',
  '/tagged/one',
  '/tagged/two',
  '/long',
  '/flaky',
  '/made/1',
  '/feed',
  '/legacy',
  '/records',
  '/automatic',
  '/_next/data/fresh/records.json'
]
export const PAGES = [
  ...REMEMBERED,
  '/kept',
  '/act',
  '/made/2',
  '/made/3',
  '/made/none',
  '/map/sitemap.xml',
  '/_next/data/fresh/legacy.json',
  '/_next/data/fresh/none.json'
]
/** They fail, and how often they are rendered before an answer is kept depends on who joins whom. */
export const NOT_AT_ONCE = ['/flaky', '/made/none']
/** Server-side changes, without an answer that is of interest. */
export const RENEWALS = [
  '/renew?path=/path',
  '/renew?path=/hour',
  '/renew?path=/flaky',
  '/renew?path=/made/1',
  '/renew?path=/tagged/[tag]&type=page',
  '/renew?path=/made/[id]&type=page',
  '/renew?path=/&type=layout',
  '/renew?tag=_N_T_/layout',
  '/renew?tag=one',
  '/renew?tag=all&expire=0',
  '/renew?tag=all&expire=4',
  '/renew?tag=two&expire=9',
  '/renew?tag=_N_T_/feed&expire=3',
  '/after?tag=one',
  '/after?tag=all',
  '/after?tag=_N_T_/short',
  '/edge?tag=one&expire=0',
  '/edge?tag=two&expire=5',
  '/edge?path=/path',
  '/api/renew',
  '/api/again?path=/records',
  '/api/again?path=/hour',
  '/api/again?path=/feed',
  '/api/again?path=/made/2',
  '/fail?on=1',
  '/fail?on=0',
  '/fail?on=0',
  '/draft',
  '/draft?end=1'
]
export const PLAIN: readonly NonNullable<Request['headers']>[] = [{}, { 'Accept-Encoding': 'gzip' }]
/** What renews the page at a path, and nothing else. */
export const renewalsOf = (path: string): string[] => [
  `/renew?path=${path}`,
  `/renew?tag=_N_T_${path}`,
  `/renew?tag=_N_T_${path}&expire=0`,
  `/renew?tag=_N_T_${path}&expire=4`,
  `/after?tag=_N_T_${path}`,
  `/edge?tag=_N_T_${path}&expire=0`,
  `/edge?tag=_N_T_${path}&expire=3`
]
/** `DRAFT`, `PREVIEW` and `ETAG` stand for what each of the servers has said last. */
export const HEADERS: readonly NonNullable<Request['headers']>[] = [
  { 'Accept-Encoding': 'gzip, deflate, br' },
  { 'Accept-Encoding': 'br, deflate' },
  { 'Accept-Encoding': 'identity' },
  { 'Accept-Encoding': 'gzip;q=0' },
  { Cookie: 'user=1' },
  { Cookie: 'DRAFT' },
  { Cookie: 'DRAFT', RSC: '1' },
  { Cookie: '__prerender_bypass=forged' },
  { 'X-Prerender-Revalidate': 'PREVIEW' },
  { 'X-Prerender-Revalidate': 'forged' },
  { 'X-Nextjs-Data': '1' },
  { RSC: '1' },
  { RSC: '1', 'Accept-Encoding': 'gzip' },
  { RSC: '1', 'Next-Router-Prefetch': '1' },
  { RSC: '1', 'Next-Router-Prefetch': '1', 'Next-Router-Segment-Prefetch': '/_tree' },
  { RSC: '1', 'Next-Url': '/path' },
  { 'If-None-Match': '*' },
  { 'If-None-Match': 'ETAG' },
  { 'If-None-Match': 'ETAG', 'Accept-Encoding': 'gzip' },
  { 'If-None-Match': 'ETAG', 'Cache-Control': 'no-cache' },
  { Purpose: 'prefetch' },
  { Range: 'bytes=0-9' }
]
export const WAITS = [
  300, 1_000, 2_000, 3_000, 3_001, 4_000, 5_000, 6_000, 9_000, 12_000, 20_000, 25_000
]
