import { HOST } from './exchange.js'
import { multipart } from './variants.js'

/** Targets that are no path of the app, or none that it should serve: sent byte by byte. */
const TARGETS = [
  '/_next/static/..%2f..%2fserver%2fpreview-props.json',
  '/_next/static/%2e%2e/server/preview-props.json',
  '/_next/static/../server/preview-props.json',
  '/_next/static/..%5c..%5cBUILD_ID',
  '/_next/static/..\\..\\BUILD_ID',
  '/_next/static/%252e%252e%252fBUILD_ID',
  '/_next/static/%c0%ae%c0%ae/BUILD_ID',
  '/%c0%ae',
  '/%',
  '/%zz',
  '/%00',
  '/hello.txt%00.html',
  '/hello.txt/',
  '/_next/static/chunks',
  '/_next/static',
  '/_next',
  '/.env',
  '/.next/BUILD_ID',
  '/BUILD_ID',
  '/_next/server/server/preview-props.json',
  '/server/prerender-manifest.json',
  '/route-cache/APP_PAGE',
  '/index.rsc',
  '/static.rsc',
  '/posts/one.meta',
  '/posts/one.segments/_tree.segment.rsc',
  '//evil.example',
  '/\\evil.example',
  '///',
  '/.//evil.example',
  '/posts/..//evil.example',
  '//evil.example/%2f..',
  '/%5cevil.example',
  '/%73tatic',
  '/posts/%6fne',
  '/STATIC',
  '/index',
  '/index.html',
  '/_not-found',
  '/404',
  '/500',
  '/_error',
  '/#/../static',
  '/static#part',
  '/static;x=1',
  '/static?',
  '/static??',
  '/static?a=%',
  '/\u00fcber',
  '/a"b<c>',
  '/_next/image',
  '/_next/image?url=http%3A%2F%2F192.0.2.1%2Fa.png&w=64&q=75',
  '/_next/image?url=%2F%2Fevil.example%2Fa.png&w=64&q=75',
  '/_next/image?url=%2F..%2Fetc%2Fpasswd&w=64&q=75',
  '/_next/image?url=%2F_next%2Fimage%3Furl%3D%2Fa.png&w=64&q=75',
  '/_next/image?url=%2Fsquares.png&w=99999&q=75',
  '/_next/image?url=%2Fhello.txt&w=64&q=75',
  'http://evil.example/static',
  `http://${HOST}/static`,
  'static',
  '*'
]

const END = `Host: ${HOST}\r\nConnection: close\r\n\r\n`
const form = multipart({ name: 'value' })

function post(path: string, ...lines: string[]): string {
  return `POST ${path} HTTP/1.1\r\n${lines.map(line => `${line}\r\n`).join('')}`
}

/** Whole requests, most of them malformed. */
const MESSAGES = [
  `GET /sta\0tic HTTP/1.1\r\n${END}`,
  `GET /sta\rtic HTTP/1.1\r\n${END}`,
  `GET /static with spaces HTTP/1.1\r\n${END}`,
  `GET /static HTTP/1.1\r\nX-Nul: a\0b\r\n${END}`,
  `GET /static HTTP/1.1\r\nX-Latin: \u00fc\r\n${END}`,
  `GET /static HTTP/1.1\r\nX-Space : 1\r\n${END}`,
  `GET /static HTTP/1.1\r\nX-Folded: 1\r\n  2\r\n${END}`,
  `GET /static HTTP/1.1\nHost: ${HOST}\nConnection: close\n\n`,
  'GET /static HTTP/1.1\r\nConnection: close\r\n\r\n',
  'GET /static HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n',
  `GET /dynamic HTTP/1.1\r\nHost: other.example\r\n${END}`,
  'GET /dynamic HTTP/1.0\r\n\r\n',
  `GET /static HTTP/1.0\r\nHost: ${HOST}\r\n\r\n`,
  `GET /large.txt HTTP/1.0\r\nAccept-Encoding: gzip\r\n${END}`,
  `GET /stream HTTP/1.0\r\n${END}`,
  `GET /static HTTP/2.0\r\n${END}`,
  `GET /static HTTP/9.9\r\n${END}`,
  'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  `get /static HTTP/1.1\r\n${END}`,
  ...['TRACE', 'BREW', 'PROPFIND', 'SEARCH', 'PURGE', 'QUERY', 'LINK', 'M-SEARCH'].map(
    method => `${method} /static HTTP/1.1\r\n${END}`
  ),
  `CONNECT evil.example:80 HTTP/1.1\r\n${END}`,
  `GET /static HTTP/1.1\r\nContent-Length: 5\r\n${END}GET /`,
  `GET /static HTTP/1.1\r\nContent-Length: 40\r\n${END}GET /dynamic HTTP/1.1\r\nHost: a.example\r\n\r\n`,
  `GET /static HTTP/1.1\r\nHost: ${HOST}\r\n\r\nGET /dynamic HTTP/1.1\r\n${END}`,
  `HEAD /static HTTP/1.1\r\nHost: ${HOST}\r\n\r\nHEAD /dynamic HTTP/1.1\r\n${END}`,
  `${post('/route/json', 'Content-Length: 3', 'Transfer-Encoding: chunked') + END}0\r\n\r\n`,
  `${post('/route/json', 'Transfer-Encoding: xchunked') + END}0\r\n\r\n`,
  `${post('/route/json', 'Transfer-Encoding: chunked', 'Transfer-Encoding: x') + END}0\r\n\r\n`,
  `${post('/route/json', 'Transfer-Encoding: gzip, chunked') + END}0\r\n\r\n`,
  `${post('/route/json', 'Content-Length: 3', 'Content-Length: 4') + END}abcd`,
  `${post('/route/json', 'Content-Length: -1') + END}`,
  `${post('/route/json', 'Content-Length: +1') + END}a`,
  `${post('/route/json', 'Transfer-Encoding: chunked') + END}3\r\nabc\r\n2;x=1\r\nde\r\n0\r\nX-T: 1\r\n\r\n`,
  `${post('/api/raw', 'Transfer-Encoding: chunked') + END}3\r\nabc\r\n0\r\n\r\n`,
  `${post('/api/raw', 'Transfer-Encoding: chunked') + END}zz\r\nabc\r\n0\r\n\r\n`,
  `${post('/api/raw', 'Content-Length: 3', 'Expect: 100-continue') + END}abc`,
  `${post('/api/raw', 'Content-Length: 3', 'Expect: the impossible') + END}abc`,
  `${post('/static', 'Content-Length: 3', 'Next-Resume: 1') + END}abc`,
  `${post('/', 'Content-Length: 3', 'Content-Type: application/x-www-form-urlencoded') + END}a=1`,
  `${post('/', `Content-Length: ${form.body?.length}`, `Content-Type: ${form.headers['Content-Type']}`) + END}${form.body}`,
  `${post('/api/echo', 'Content-Length: 1100000', 'Content-Type: text/plain') + END}${'a'.repeat(1_100_000)}`,
  `${post('/action', 'Content-Length: 1100000', 'Next-Action: deadbeef') + END}${'a'.repeat(1_100_000)}`,
  `GET /static HTTP/1.1\r\nX-Long: ${'a'.repeat(17_000)}\r\n${END}`,
  `GET /static HTTP/1.1\r\n${'A: 1\r\n'.repeat(1_500)}${END}`,
  `GET /${'a'.repeat(12_000)} HTTP/1.1\r\n${END}`,
  `GET /all${'/a'.repeat(3_000)} HTTP/1.1\r\n${END}`,
  `GET /static?${'a=1&'.repeat(3_000)} HTTP/1.1\r\n${END}`,
  `GET /hello.txt HTTP/1.1\r\nRange: bytes=${'0-0,'.repeat(500)}1-1\r\n${END}`,
  ...['/static', '/route/json'].map(
    path =>
      `GET ${path} HTTP/1.1\r\nHost: ${HOST}\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\n` +
      'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n'
  ),
  `GET /static HTTP/1.1\r\nUpgrade: h2c\r\n${END}`
]

interface BadInput {
  method: string
  /** The target, or of a whole message its beginning. */
  path: string
  bytes: string
}

/** Bytes for a socket, and the request that a report names. */
export function badInputs(basePath = ''): BadInput[] {
  const below = (path: string): string => (path.startsWith('/') ? basePath + path : path)
  return [
    ...TARGETS.map(below).flatMap(path =>
      ['GET', 'HEAD', 'POST', 'OPTIONS'].map(method => ({
        method,
        path,
        bytes: `${method} ${path} HTTP/1.1\r\n${method === 'POST' ? 'Content-Length: 0\r\n' : ''}${END}`
      }))
    ),
    ...MESSAGES.map(message => {
      const bytes = message.replace(/^(\S+ )(?=\/)/gm, `$1${basePath}`)
      return {
        method: String(bytes.split(' ', 1)[0]),
        path: JSON.stringify(bytes.slice(0, 120)),
        bytes
      }
    })
  ]
}
