import type { IncomingHttpHeaders } from 'node:http'
import type { FastifyInstance, FastifyReply } from 'fastify'
import type { Asker } from '../ask.js'
import { FST_NEXT_ALREADY_ANSWERED } from '../errors.js'
import { pagePath } from '../next/page-path.js'
import type { NextServer } from '../next/server.js'
import { hasLeft } from '../response/connection-response.js'
import { statusOf } from '../response/error-status.js'
import { removeHeadersOfBody } from '../response/headers.js'
import { kAnswer, kHasFailed } from '../response/hooks.js'
import { errorFirst, handlerFirst } from '../response/precedence.js'
import { dropRenderData, keepRenderData, RENDER_ID_HEADER } from './data.js'
import { pageRequest } from './page-request.js'
import { type PageQuery, pageSearch, RSC_CHECKSUM, searchOf } from './page-search.js'

/** What a handler can give to the page that it answers with. */
export interface NextRenderOptions {
  /**
   * The search parameters of the page.
   * @default those of the request
   */
  query?: PageQuery
  /** What the page gets from `getRenderData()` of `fastify-next/context`, as it is. */
  data?: unknown
}

/** Adds `reply.nextRender()`, `reply.nextNotFound()` and `reply.nextRenderError()`. */
export function addReplyDecorators(
  fastify: FastifyInstance,
  next: NextServer,
  { render }: Asker
): void {
  fastify.decorateReply('nextRender', function nextRender(path, options) {
    const { query, data } = options ?? {}
    const own = searchOf(this.request.raw.url ?? '')
    const url = pagePath(path, next) + pageSearch(query, own)
    if (!canAnswer(this)) return sent(this)
    const changes: IncomingHttpHeaders = { [RENDER_ID_HEADER]: undefined }
    if (data !== undefined) changes[RENDER_ID_HEADER] = keepUntilClose(this, data)
    // Next would send its client to the page's own URL, past this handler.
    if (!new URLSearchParams(own).has(RSC_CHECKSUM)) changes.rsc = undefined
    render(this, requestFor(this, url, changes), handlerFirst)
    return sent(this)
  })

  fastify.decorateReply('nextNotFound', function nextNotFound() {
    if (!canAnswer(this)) return sent(this)
    this.code(404).removeHeader('content-disposition')
    const request = requestFor(this, this.request.raw.url ?? '/')
    render(this, request, errorFirst, next.renderNotFound)
    return sent(this)
  })

  fastify.decorateReply('nextRenderError', function nextRenderError(error) {
    if (!canAnswer(this)) return sent(this)
    const status = this.statusCode >= 400 ? this.statusCode : statusOf(error)
    this.code(status).removeHeader('content-disposition')
    // Next's client loads the document when it gets HTML for the payload that it has asked for.
    const request = requestFor(this, this.request.raw.url ?? '/', { rsc: undefined })
    render(this, request, errorFirst, (raw, response) => {
      response.statusCode = status
      return next.renderError(error, raw, response)
    })
    return sent(this)
  })
}

/**
 * Whether a reply can still be answered. Like Fastify, it warns if somebody else does.
 * @throws FST_NEXT_ALREADY_ANSWERED in an `onSend` hook, for which the answer waits
 */
function canAnswer(reply: FastifyReply): boolean {
  const answer = reply[kAnswer]
  const hasBegun = reply.sent || reply.raw.headersSent
  if (answer?.isLeaving && !hasBegun) throw new FST_NEXT_ALREADY_ANSWERED(reply.request.url)
  if (hasLeft(reply.raw)) return false
  if (!hasBegun && !answer?.isPending) return true
  reply.log.warn(new FST_NEXT_ALREADY_ANSWERED(reply.request.url))
  return false
}

function requestFor(reply: FastifyReply, url: string, changes?: IncomingHttpHeaders) {
  removeHeadersOfBody(reply)
  // Should a hook fail again, then Fastify answers with the headers that the page has left, and
  // plain JSON must not go out as `gzip`.
  const uncompressed = reply[kHasFailed] ? { 'accept-encoding': undefined } : {}
  return pageRequest(reply.request.raw, url, { ...uncompressed, ...changes })
}

function keepUntilClose(reply: FastifyReply, data: unknown): string {
  const id = keepRenderData(data)
  reply.raw.once('close', () => dropRenderData(id))
  return id
}

/** Resolves when the answer, or the client, has left. */
function sent(reply: FastifyReply): Promise<void> {
  return new Promise(resolve => reply.then(resolve, () => resolve()))
}
