import { type IncomingHttpHeaders, IncomingMessage } from 'node:http'

/**
 * They describe a body that a page is not given, what the client has of the handler's answer, or are
 * internal to Next, which takes them out of the requests that its router sees:
 * next/dist/server/lib/server-ipc/utils.js.
 */
const NOT_FOR_PAGES = new Set([
  'content-encoding',
  'content-length',
  'content-type',
  'expect',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
  'next-action',
  'next-resume',
  'range',
  'te',
  'trailer',
  'transfer-encoding',
  'x-matched-path',
  'x-next-resume-state-length',
  'x-nextjs-data',
  'x-now-route-matches'
])

/**
 * A GET for a page, from the client of another request: with its headers, its connection and what
 * hooks have put on it, and without a body, which Fastify may have read already.
 * @param url with the basePath and the search string
 * @param changes to the headers; `undefined` takes one away
 */
export function pageRequest(
  raw: IncomingMessage,
  url: string,
  changes: IncomingHttpHeaders = {}
): IncomingMessage {
  const request = new IncomingMessage(raw.socket)
  request.method = 'GET'
  request.url = url
  request.httpVersion = raw.httpVersion
  request.httpVersionMajor = raw.httpVersionMajor
  request.httpVersionMinor = raw.httpVersionMinor
  request.headers = headersForPages({ ...raw.headers, ...changes })
  request.rawHeaders = Object.entries(request.headers).flatMap(([name, value]) =>
    [value ?? []].flat().flatMap(each => [name, each])
  )
  copyProperties(raw, request)
  request.complete = true
  request.push(null)
  return request
}

function headersForPages(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const forPages: IncomingHttpHeaders = {}
  for (const [name, value] of Object.entries(headers)) {
    const isForPages = !NOT_FOR_PAGES.has(name) && !name.startsWith('x-middleware-')
    if (isForPages && value !== undefined) forPages[name] = value
  }
  return forPages
}

/** The properties that hooks set for `getServerSideProps`; Node's and Next's own stay behind. */
function copyProperties(from: IncomingMessage, to: IncomingMessage): void {
  for (const name of Object.keys(from)) {
    if (!(name in to)) Object.assign(to, { [name]: Reflect.get(from, name) })
  }
}
