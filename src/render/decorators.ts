import type { FastifyInstance, FastifyReply } from 'fastify'
import type { Asker } from '../ask.js'
import type { NextServer } from '../next/server.js'
import { statusOf } from '../response/answer.js'
import { kHasFailed } from '../response/hooks.js'
import { errorFirst, handlerFirst } from '../response/precedence.js'
import { dropRenderData, keepRenderData, RENDER_ID_HEADER } from './data.js'
import { pageRequest } from './page-request.js'
import { type PageQuery, pagePath, pageSearch } from './page-url.js'

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
  const { errorPages } = next

  fastify.decorateReply('nextRender', function nextRender(path, { query, data } = {}) {
    const { raw } = this.request
    const url = pagePath(path, next) + pageSearch(query, raw.url ?? '')
    const changes: Record<string, string | undefined> = { [RENDER_ID_HEADER]: undefined }
    if (data !== undefined) {
      const id = keepRenderData(data)
      changes[RENDER_ID_HEADER] = id
      this.raw.once('close', () => dropRenderData(id))
    }
    render(this, pageRequest(raw, url, { ...uncompressed(this), ...changes }), handlerFirst)
    return sent(this)
  })

  fastify.decorateReply('nextNotFound', function nextNotFound() {
    this.code(404)
    const url = pagePath(errorPages.notFound, next)
    render(this, pageRequest(this.request.raw, url, uncompressed(this)), errorFirst)
    return sent(this)
  })

  fastify.decorateReply('nextRenderError', function nextRenderError(error) {
    const status = this.statusCode >= 400 ? this.statusCode : statusOf(error)
    this.code(status)
    // Next's client loads the document when it gets HTML for the payload that it has asked for.
    const changes = { ...uncompressed(this), rsc: undefined }
    const { raw } = this.request
    if (errorPages.error) {
      render(this, pageRequest(raw, pagePath(errorPages.error, next), changes), errorFirst)
    } else {
      const request = pageRequest(raw, raw.url ?? '/', changes)
      render(this, request, errorFirst, (request, response) => {
        response.statusCode = status
        return next.renderError(error, request, response)
      })
    }
    return sent(this)
  })
}

/**
 * For a reply that has failed once: should a hook fail again, then Fastify answers with the headers
 * that the page has left, and plain JSON must not go out as `gzip`.
 */
function uncompressed(reply: FastifyReply): { 'accept-encoding'?: undefined } {
  return reply[kHasFailed] ? { 'accept-encoding': undefined } : {}
}

/** Resolves when the answer, or the client, has left. */
function sent(reply: FastifyReply): Promise<void> {
  return new Promise(resolve => reply.then(resolve, () => resolve()))
}
