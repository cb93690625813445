import type { ServerHttp2Stream } from 'node:http2'
import type { FastifyInstance, FastifyRequest, preParsingHookHandler } from 'fastify'
import { FST_NEXT_BODY_TOO_LARGE } from './errors.js'

/** Leaves the bodies of a scope's requests unread, whatever their content type: Next reads them. */
export function leaveBodiesUnread(scope: FastifyInstance): void {
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser('*', (_request, _payload, done) => done(null))
}

/** `type "/" subtype`, with or without parameters: RFC 9110, 8.3.1. */
const MEDIA_TYPE = /^[\w!#$%&'*+.^`|~-]+\/[\w!#$%&'*+.^`|~-]+\s*(?:;|$)/
const hiddenTypes = new WeakMap<FastifyRequest['raw'], string>()

/**
 * The last `preParsing` hook of a route: keeps the body for Next, and hides a malformed content type,
 * for which Fastify answers 415 before it looks for a parser. Next does not mind it.
 */
export const keepBodyForNext: preParsingHookHandler = (request, _reply, payload, done) => {
  const { headers } = request.raw
  const type = headers['content-type']
  if (type !== undefined && !MEDIA_TYPE.test(type)) {
    hiddenTypes.set(request.raw, type)
    delete headers['content-type']
  }
  // A hook that watches the body has started it, long before Next reads.
  if (request.raw.readableFlowing) {
    request.raw.pause()
    Object.assign(request.raw, { readableFlowing: null })
  }
  if ('stream' in request.raw) failWhenReset(request.raw, request.raw.stream as ServerHttp2Stream)
  done(null, payload)
}

/**
 * Node ends the body of an HTTP/2 request that is reset as if it were complete, and half an upload
 * would be taken for all of it. Over HTTP/1 it fails.
 */
function failWhenReset(request: FastifyRequest['raw'], stream: ServerHttp2Stream): void {
  if (stream.endAfterHeaders) return
  const { push } = request
  let hasEnded = false
  const end = (): void => {
    if (hasEnded) return
    hasEnded = true
    const hasFailed = Boolean(stream.rstCode) && request.listenerCount('error') > 0
    if (!hasFailed) push.call(request, null)
    else request.emit('error', Object.assign(new Error('aborted'), { code: 'ECONNRESET' }))
  }
  request.push = function pushOrEnd(chunk, encoding) {
    if (chunk !== null) return push.call(this, chunk, encoding)
    // Node learns of the reset after the end; of what is closed it reads no more.
    if (stream.closed) end()
    else setImmediate(end)
    return false
  }
}

/** Shows a content type again that was hidden from Fastify. */
export function revealContentType({ raw }: FastifyRequest): void {
  const type = hiddenTypes.get(raw)
  if (type !== undefined) raw.headers['content-type'] = type
}

/**
 * Watches the size of a request's body as it arrives on the wire.
 * @param limit in bytes
 * @param onExceeded called once, when the body is longer; no more of it reaches its reader
 */
export function limitBody(
  { raw }: FastifyRequest,
  limit: number,
  onExceeded: (error: Error) => void
): void {
  if (Number(raw.headers['content-length']) > limit) {
    onExceeded(new FST_NEXT_BODY_TOO_LARGE(limit))
    return
  }
  const push = raw.push
  let length = 0
  // A listener for 'data' would start the stream before Next reads it.
  raw.push = function countAndPush(chunk, encoding) {
    if (chunk === null || length > limit) return length > limit || push.call(this, chunk, encoding)
    length += chunk.length
    if (length <= limit) return push.call(this, chunk, encoding)
    onExceeded(new FST_NEXT_BODY_TOO_LARGE(limit))
    return true
  }
}
