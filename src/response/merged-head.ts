import type { FastifyReply } from 'fastify'
import {
  allowsSharedCaches,
  encodeHeaders,
  type Headers,
  mergeHeaders,
  restoreHeaders
} from './headers.js'
import { HEADERS_OF_THE_BYTES, NEVER_STORE } from './precedence.js'

/** Next's headers on a reply, with what the reply had before, until they leave. */
export class MergedHead {
  readonly #reply: FastifyReply
  readonly #headers: Headers
  readonly #before: Headers
  readonly #payload: unknown

  /** @param payload what the headers describe */
  constructor(reply: FastifyReply, headers: Headers, payload: unknown, before: Headers) {
    this.#reply = reply
    this.#headers = headers
    this.#before = before
    this.#payload = payload
    mergeHeaders(reply, headers, before)
  }

  /** The route's last look at what leaves, after the user's `onSend` hooks. */
  beforeSend(payload: unknown): void {
    const reply = this.#reply
    const headers = this.#headers
    if ((payload ?? undefined) !== this.#payload) {
      for (const name of HEADERS_OF_THE_BYTES) {
        // What is not modified has no bytes: RFC 9110, 15.4.5.
        if (name === 'etag' && reply.statusCode === 304) continue
        if (headers[name] !== undefined && reply.getHeader(name) === headers[name]) {
          reply.removeHeader(name)
        }
      }
    }
    // Fastify takes every buffer without a type for application/octet-stream.
    const isTyped = (headers['content-type'] ?? this.#before['content-type']) !== undefined
    if (!isTyped && (payload === null || payload === this.#payload)) {
      reply.removeHeader('content-type')
    }
    // A cookie of one visitor, say a session, must not reach others through a cache.
    if (
      count(reply.getHeader('set-cookie')) > count(headers['set-cookie']) &&
      allowsSharedCaches(reply.getHeader('cache-control'))
    ) {
      reply.header('cache-control', NEVER_STORE)
    }
  }

  /** Gives those headers that are still on the reply the bytes that they have in UTF-8. */
  encode(): void {
    encodeHeaders(this.#reply, this.#headers)
  }

  /** Takes the headers off the reply again. */
  undo(): void {
    restoreHeaders(this.#reply, this.#headers, this.#before)
  }
}

function count(values: Headers[string]): number {
  return values === undefined ? 0 : [values].flat().length
}
