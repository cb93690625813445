import type { FastifyReply } from 'fastify'

/** By lower-case name. */
export type Headers = Readonly<Record<string, string | number | readonly string[] | undefined>>

/** They speak of one connection, which is Fastify's: RFC 9110, 7.6.1. */
const CONNECTION_HEADERS = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade'
])

/** They describe a body, which is not the one that a page has. */
const HEADERS_OF_A_BODY = [
  'accept-ranges',
  'content-encoding',
  'content-length',
  'content-range',
  'content-type',
  'etag',
  'trailer'
]

/** Takes off a reply what a handler or a hook has said of a body that is not sent. */
export function removeHeadersOfBody(reply: FastifyReply): void {
  for (const name of HEADERS_OF_A_BODY) reply.removeHeader(name)
}

/**
 * Takes single values out of their lists: Next 16.2 has the `Content-Type` of a route handler in one,
 * which Fastify takes for none.
 */
export function singleValues(headers: Record<string, Headers[string]>): Headers {
  for (const name in headers) {
    const value = headers[name]
    if (Array.isArray(value) && value.length === 1) headers[name] = value[0]
  }
  return headers
}

/** Fastify adds cookies to the very list that it hands out. */
export function copyOf(headers: Headers): Headers {
  const cookies = headers['set-cookie']
  return Array.isArray(cookies) ? { ...headers, 'set-cookie': [...cookies] } : headers
}

/**
 * Puts Next's headers on the reply: cookies are added, `Vary` is a union, the rest replaces. Lists are
 * copied, since hooks may add to what they find on the reply.
 */
export function mergeHeaders(reply: FastifyReply, headers: Headers, before: Headers): void {
  for (const name in headers) {
    const value = headers[name]
    if (value === undefined || CONNECTION_HEADERS.has(name)) continue
    if (name === 'vary') reply.header(name, union(before.vary, value))
    else reply.header(name, Array.isArray(value) ? [...value] : value)
  }
}

/** Takes Next's headers off the reply again. */
export function restoreHeaders(reply: FastifyReply, headers: Headers, before: Headers): void {
  for (const name in headers) {
    if (CONNECTION_HEADERS.has(name)) continue
    reply.removeHeader(name)
    if (before[name] !== undefined) reply.header(name, before[name])
  }
}

const NOT_ASCII = /[^\0-\x7f]/

/** Gives those of Next's headers that are still on the reply the bytes that they have in UTF-8. */
export function encodeHeaders(reply: FastifyReply, headers: Headers): void {
  for (const name in headers) {
    const value = reply.getHeader(name)
    const text = String(value)
    if (text !== String(headers[name]) || !NOT_ASCII.test(text)) continue
    const encoded = [value].flat().map(each => Buffer.from(String(each)).toString('latin1'))
    // Others keep their place: Node treats `Content-Disposition` in its own way behind a length.
    if (name === 'set-cookie') reply.removeHeader(name)
    reply.header(name, encoded.length === 1 ? encoded[0] : encoded)
  }
}

function union(before: Headers[string], value: Headers[string]) {
  if (before === undefined) return value
  const names = [before, value].flat().join(',').split(',')
  const unique = new Map<string, string>()
  for (const name of names.map(part => part.trim())) {
    if (name !== '' && !unique.has(name.toLowerCase())) unique.set(name.toLowerCase(), name)
  }
  return unique.has('*') ? '*' : [...unique.values()].join(', ')
}

/** Whether a cache that is shared by several visitors may keep an answer: RFC 9111, 3. */
export function allowsSharedCaches(cacheControl: Headers[string]): boolean {
  return /(?:^|[\s,])(?:public|s-maxage)\b/i.test(String(cacheControl ?? ''))
}
