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
  request.rawHeaders = Object.entries(request.headers).flatMap(([name, value = []]) =>
    [value].flat().flatMap(each => [name, each])
  )
  copyProperties(raw, request)
  request.complete = true
  request.push(null)
  return request
}

function headersForPages(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const host = headers.host ?? headers[':authority']
  const forPages: IncomingHttpHeaders = {}
  for (const [name, value] of Object.entries({ ...headers, host })) {
    if (value === undefined || isNotForPages(name)) continue
    forPages[name] = value
  }
  return forPages
}

function isNotForPages(name: string): boolean {
  // Pseudo-headers of HTTP/2 are no header names to the Fetch API that Next uses.
  return name[0] === ':' || name.startsWith('x-middleware-') || NOT_FOR_PAGES.has(name)
}

/** The properties that hooks set for `getServerSideProps`; Node's and Next's own stay behind. */
function copyProperties(from: IncomingMessage, to: IncomingMessage): void {
  for (const name of Object.keys(from)) {
    if (!(name in to)) Object.assign(to, { [name]: Reflect.get(from, name) })
  }
}
