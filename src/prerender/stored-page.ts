import type { FastifyReply, FastifyRequest } from 'fastify'
import type { IsFresh } from '../next/freshness.js'
import type { Headers } from '../response/headers.js'
import { sendStored } from '../response/stored-answer.js'
import { kStoredRoute } from '../route-of-next.js'

/** Until when an answer holds, in ms since 1970. */
export interface Lifetime {
  /** When Next would renew the page. */
  readonly fresh: number
  /** When Next would not answer with it any more. */
  readonly usable: number
}

/** An answer of Next's that was kept. */
export interface StoredPage {
  /** Next's key of the page; the path of what lives as long as the build, which has none. */
  readonly cacheKey: string
  readonly tags: readonly string[]
  /** As `/blog/[slug]`, where Next has said so. */
  readonly route: string | undefined
  readonly lifetime: Lifetime
  readonly headers: Headers
  /** As it was sent, coded or not. */
  readonly body: Buffer
  /** Whether Next alone knows how HEAD and conditional requests are answered. */
  readonly isForGetOnly: boolean
}

/** Now as Next counts: it compares with this in its incremental cache. */
export function now(): number {
  return performance.timeOrigin + performance.now()
}

/** The same page as Next answers with it while it is renewed. */
export function staleFrom(page: StoredPage): StoredPage {
  return { ...page, headers: { ...page.headers, 'x-nextjs-cache': 'STALE' } }
}

/** Answers with a page as Next would, and returns whether it did. */
export function sendPage(
  request: FastifyRequest,
  reply: FastifyReply,
  page: StoredPage,
  isFresh: IsFresh | undefined
): boolean {
  const { headers, method } = request.raw
  const isConditional =
    headers['if-none-match'] !== undefined || headers['if-modified-since'] !== undefined
  if (page.isForGetOnly && (isConditional || method === 'HEAD')) return false
  if (isConditional) {
    const { etag } = page.headers as { etag?: string }
    if (isFresh === undefined || etag === undefined) return false
    if (isFresh(headers, { etag })) {
      request[kStoredRoute] = page.route
      sendStored(reply, 304, headersOf304(page.headers))
      return true
    }
  }
  request[kStoredRoute] = page.route
  sendStored(reply, 200, page.headers, method === 'HEAD' ? undefined : page.body)
  return true
}

/** As next/dist/server/send-payload.js leaves it, and without what coding adds. */
function headersOf304(headers: Headers): Headers {
  const rest: Record<string, Headers[string]> = {}
  for (const name in headers) {
    if (!OF_THE_BODY.has(name)) rest[name] = headers[name]
  }
  const vary = String(headers.vary ?? '').split(', ')
  const names = vary.filter(name => name !== '' && name.toLowerCase() !== 'accept-encoding')
  if (names.length > 0) rest.vary = names.join(', ')
  return rest
}

const OF_THE_BODY = new Set(['content-encoding', 'content-length', 'content-type', 'vary'])
