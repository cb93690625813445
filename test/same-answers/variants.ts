import type { Request } from './exchange.js'

export type Headers = NonNullable<Request['headers']>

/** What a server has said of its own, and a client may send back. */
export interface Known {
  /** The cookies of draft and preview mode, as one value of `Cookie`. */
  draft: string
  previewId: string
  /** Of the routes' plain answers, by path. */
  validators: ReadonlyMap<string, { etag?: string; modified?: string }>
}

export const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const

export const QUERIES = [
  '?',
  '?a=1&a=2&b=%20%C3%BC&c',
  '?instead=1',
  '?nxtPslug=other&nxtPid=other&nxtPpath=other',
  '?nxtIslug=other',
  '?nextInternalLocale=fr',
  '?__nextppronly=1',
  '?__nextLocale=fr&__nextDefaultLocale=fr',
  '?_rsc=1abcd',
  '?%zz&%00=%ff',
  '?q=a+b&amp=<script>"'
]

const TREE = encodeURIComponent(
  JSON.stringify(['', { children: ['static', { children: ['__PAGE__', {}] }] }, null, null, true])
)

/** Headers of requests, whatever the route. */
export const HEADERS: readonly Headers[] = [
  {},
  { RSC: '1' },
  { RSC: '1', 'Next-Router-Prefetch': '1' },
  { RSC: '1', 'Next-Router-Prefetch': '2' },
  { RSC: '1', 'Next-Router-Prefetch': '1', 'Next-Router-Segment-Prefetch': '/_tree' },
  { RSC: '1', 'Next-Router-Prefetch': '1', 'Next-Router-Segment-Prefetch': '/_full' },
  { RSC: '1', 'Next-Router-Prefetch': '1', 'Next-Router-Segment-Prefetch': '/_head' },
  { RSC: '1', 'Next-Router-Prefetch': '1', 'Next-Router-Segment-Prefetch': '/nowhere' },
  { RSC: '1', 'Next-Router-State-Tree': TREE, 'Next-Url': '/static' },
  { RSC: '1', 'Next-Router-State-Tree': 'no tree' },
  { RSC: '2' },
  { 'Next-Router-Prefetch': '1' },
  { 'Next-Router-Segment-Prefetch': '/_tree' },
  { Accept: 'text/x-component' },
  { Accept: 'application/json' },
  { 'Next-Action': 'deadbeef' },
  { 'Next-Action': '00'.repeat(21) },
  { 'X-Nextjs-Data': '1' },
  { 'X-Middleware-Prefetch': '1', 'X-Nextjs-Data': '1' },
  { 'X-Middleware-Subrequest': 'middleware:middleware:middleware:middleware:middleware' },
  { 'X-Middleware-Rewrite': '/static', 'X-Middleware-Next': '1', 'X-Middleware-Skip': '1' },
  { 'X-Matched-Path': '/static', 'X-Now-Route-Matches': '1=other' },
  { 'X-Invoke-Path': '/static', 'X-Invoke-Status': '500', 'X-Invoke-Output': '/static' },
  { 'X-Prerender-Revalidate': 'forged' },
  { 'Next-Resume': '1' },
  { 'X-Next-Resume-State-Length': '3', 'Next-Resume': '1' },
  { 'X-Nextjs-Request-Id': 'one', 'X-Nextjs-Html-Request-Id': 'two' },
  { 'X-HTTP-Method-Override': 'DELETE' },
  { 'X-After': 'value' },
  { Purpose: 'prefetch' },
  { 'Sec-Fetch-Dest': 'image' },
  { 'Sec-Fetch-Dest': 'script', 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'no-cors' },
  { 'User-Agent': 'Mozilla/5.0 (compatible; Googlebot/2.1)' },
  { 'User-Agent': 'Twitterbot/1.0' },
  { Origin: 'http://evil.example' },
  { Origin: 'null' },
  { Host: 'localhost:PORT' },
  { Host: 'APP.example:443' },
  { Host: 'a b<script>' },
  { Host: 'user@evil.example' },
  { Cookie: 'user=1; theme=dark' },
  { Cookie: 'a=%zz; ;=b; c="d e"; __proto__=1' },
  { Cookie: '__prerender_bypass=forged' },
  { Cookie: '__next_preview_data=forged' },
  { Cookie: '__prerender_bypass=forged; __next_preview_data=a.b.c' },
  { 'If-None-Match': '*' },
  { 'If-None-Match': '"other", W/"bytes"' },
  { 'If-Match': '"other"' },
  { 'If-Modified-Since': 'Fri, 01 Jan 2100 00:00:00 GMT' },
  { 'If-Unmodified-Since': 'Sat, 01 Jan 2000 00:00:00 GMT' },
  { Range: 'bytes=0-9' },
  { Range: 'bytes=-5' },
  { Range: 'bytes=5-' },
  { Range: 'bytes=0-1,4-5' },
  { Range: 'bytes=99999999-' },
  { Range: 'lines=0-1' },
  { Range: 'bytes=0-9', 'If-Range': '"other"' },
  { 'Accept-Encoding': 'gzip' },
  { 'Accept-Encoding': 'deflate' },
  { 'Accept-Encoding': 'br' },
  { 'Accept-Encoding': 'zstd' },
  { 'Accept-Encoding': 'gzip, deflate, br, zstd' },
  { 'Accept-Encoding': 'gzip;q=0' },
  { 'Accept-Encoding': '*' },
  { 'Accept-Encoding': 'identity;q=0' },
  { 'Accept-Encoding': 'gzip', Range: 'bytes=0-9' },
  { 'Accept-Encoding': 'gzip', RSC: '1' },
  { 'Accept-Encoding': 'gzip', 'Cache-Control': 'no-transform' },
  { 'Accept-Language': 'fr-FR,fr;q=0.9' },
  { 'Content-Type': ';;;' },
  { 'X-Many': ['one', 'two'], 'X-Latin': '\u00fc' }
]

/** For the apps behind a `trustProxy`: without, they don't reach Next, and `next start` believes all. */
export const FORWARDED: readonly Headers[] = [
  { 'X-Forwarded-Host': 'other.example' },
  { 'X-Forwarded-Host': 'evil.example', Origin: 'http://evil.example' },
  { 'X-Forwarded-Proto': 'https' },
  { 'X-Forwarded-Port': '8443' },
  { 'X-Forwarded-For': '192.0.2.1, 192.0.2.2' },
  { 'X-Forwarded-For': '192.0.2.1', 'X-Forwarded-Host': 'other.example', 'X-Forwarded-Proto': 'x' }
]

const BOUNDARY = 'boundary'

/** The body of a form, as a browser sends it. */
export function multipart(fields: Readonly<Record<string, string>>): Pick<Request, 'body'> & {
  headers: Headers
} {
  const parts = Object.entries(fields).map(
    ([name, value]) =>
      `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`
  )
  return {
    headers: { 'Content-Type': `multipart/form-data; boundary=${BOUNDARY}` },
    body: `${parts.join('')}--${BOUNDARY}--\r\n`
  }
}

/** What requests with a body carry. */
export const BODIES: readonly (Pick<Request, 'body'> & { headers: Headers })[] = [
  { headers: { 'Content-Type': 'application/json' }, body: '{"of":"JSON","list":[1,2]}' },
  { headers: { 'Content-Type': 'application/json' }, body: '{malformed' },
  { headers: { 'Content-Type': 'application/x-www-form-urlencoded' }, body: 'a=1&a=2&b=%C3%BC' },
  { headers: { 'Content-Type': 'text/plain;charset=UTF-8' }, body: 'text' },
  { headers: { 'Content-Type': 'application/octet-stream' }, body: 'bytes'.repeat(20_000) },
  { headers: { 'Content-Type': 'malformed' }, body: 'text' },
  { headers: { 'Content-Type': 'multipart/form-data' }, body: 'no boundary' },
  { headers: {}, body: 'untyped' },
  { headers: { 'Content-Type': 'application/json', 'Next-Action': 'deadbeef' }, body: '[]' },
  multipart({ name: 'a name', 'file"; filename="a.txt': 'content' })
]

/** Headers that only a client sends that has been here before. */
export function headersOfKnown({ draft, previewId, validators }: Known, path: string): Headers[] {
  const { etag, modified } = validators.get(path) ?? {}
  const headers: Headers[] = [
    { Cookie: draft },
    { Cookie: `${draft}; user=1`, RSC: '1' },
    { Cookie: `__prerender_bypass=${previewId}` },
    { 'X-Prerender-Revalidate': previewId },
    { 'X-Prerender-Revalidate': previewId, 'X-Prerender-Revalidate-If-Generated': '1' }
  ]
  if (etag !== undefined) {
    headers.push({ 'If-None-Match': etag }, { 'If-Match': etag })
    headers.push({ 'If-None-Match': `W/"other", ${etag}`, 'Accept-Encoding': 'gzip' })
    headers.push({ 'If-None-Match': etag, 'Cache-Control': 'no-cache' })
    headers.push({ 'If-None-Match': etag, RSC: '1' })
    headers.push({ 'If-Range': etag, Range: 'bytes=0-9' })
  }
  if (modified !== undefined) {
    headers.push({ 'If-Modified-Since': modified }, { 'If-Range': modified, Range: 'bytes=2-3' })
  }
  return headers
}
