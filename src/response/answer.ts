import { AsyncResource } from 'node:async_hooks'
import {
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
  STATUS_CODES
} from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { FST_NEXT_REQUEST_FAILED } from '../errors.js'
import { ResponseBody } from './body.js'
import {
  allowsSharedCaches,
  type Headers,
  mergeHeaders,
  restoreHeaders,
  singleValues
} from './headers.js'
import { NextResponse, type Payload } from './next-response.js'

/** Calls Next with a request and the response that it is to write. */
export type Handle = (request: IncomingMessage, response: ServerResponse) => Promise<void>

const NEVER_STORE = 'private, no-cache, no-store, max-age=0, must-revalidate'
/** They describe the bytes that Next wrote, and no others. */
const HEADERS_OF_THE_BYTES = ['accept-ranges', 'content-length', 'etag', 'trailer'] as const

/** Next's answer to one request, on its way to the client through the reply. */
export class Answer {
  readonly #request: FastifyRequest
  readonly #reply: FastifyReply
  readonly #response: NextResponse
  readonly #url: string | undefined
  readonly #headers: IncomingHttpHeaders
  /** Hooks of the user must not run in the async context of Next's render. */
  readonly #scope = new AsyncResource('FastifyNextAnswer')
  #merged: { headers: Headers; before: Headers } | undefined
  #payload: Payload

  constructor(request: FastifyRequest, reply: FastifyReply) {
    this.#request = request
    this.#reply = reply
    this.#url = request.raw.url
    this.#headers = request.raw.headers
    this.#response = new NextResponse(request.raw, reply.raw, payload =>
      this.#scope.runInAsyncScope(this.#send, this, payload)
    )
    // At the latest: hooks run after a client has left, too.
    this.#response.once('close', () => this.#returnRequest())
  }

  /** Asks Next. Its promise says nothing about the answer, unless it rejects before the head. */
  ask(handle: Handle): void {
    const response = this.#response
    // It was answered in Next's place, or the client has left.
    if (response.destroyed) return
    const { log, raw } = this.#request
    lendHeaders(raw, this.#headers)
    handle(raw, response).catch((cause: unknown) => {
      const error = new FST_NEXT_REQUEST_FAILED({ cause })
      // A complete answer stands.
      if (response.writableEnded) log.error(error)
      else this.fail(error)
    })
  }

  /** Answers with an error in Next's place, or cuts an answer that has begun. */
  fail(error: Error): void {
    this.#scope.runInAsyncScope(() => {
      if (this.#response.headersSent) {
        this.#response.destroy(error)
        return
      }
      this.#response.abandon()
      this.#returnRequest()
      if (!this.#reply.sent) this.#reply.send(error)
    })
  }

  /** Drops all of Next's answer from a reply that is about to become an error. */
  giveWayTo(error: unknown): void {
    this.#response.abandon()
    this.#returnRequest()
    if (this.#reply.raw.headersSent) return
    if (this.#merged) {
      restoreHeaders(this.#reply, this.#merged.headers, this.#merged.before)
      this.#reply.code(statusOf(error))
      if (this.#reply.raw.statusMessage) this.#reply.raw.statusMessage = ''
      this.#merged = undefined
    }
    this.#reply.header('cache-control', 'no-store')
  }

  /** The route's last look at what leaves, after the user's `onSend` hooks. */
  beforeSend(payload: unknown): void {
    if (this.#merged === undefined) return
    const { headers, before } = this.#merged
    const reply = this.#reply
    if ((payload ?? undefined) !== this.#payload) {
      for (const name of HEADERS_OF_THE_BYTES) {
        if (headers[name] !== undefined && reply.getHeader(name) === headers[name]) {
          reply.removeHeader(name)
        }
      }
    }
    // Fastify takes every buffer without a type for application/octet-stream.
    const isTyped = (headers['content-type'] ?? before['content-type']) !== undefined
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

  #send(payload: Payload): void {
    this.#returnRequest()
    const reply = this.#reply
    const response = this.#response
    if (reply.sent) {
      response.abandon()
      return
    }
    const headers = singleValues(response.getHeaders())
    const before = copyOf(reply.getHeaders())
    this.#merged = { headers, before }
    this.#payload = payload
    mergeHeaders(reply, headers, before)
    // Fastify's `code()` ends at 599, Node's status codes at 999.
    if (response.statusCode < 600) reply.code(response.statusCode)
    else reply.raw.statusCode = response.statusCode
    if (hasOwnStatusText(response) && this.#request.raw.httpVersionMajor === 1) {
      reply.raw.statusMessage = response.statusMessage
    }
    if (!response.sendDate) reply.raw.sendDate = false
    // Node refuses to announce trailers where it can't send them: after the last chunk only.
    if (headers.trailer !== undefined && !canHaveTrailers(this.#request.raw, payload)) {
      reply.removeHeader('trailer')
    }
    try {
      reply.send(payload)
    } catch (error) {
      reply.send(error)
    }
  }

  /** Next has changed the URL and the headers for its own use; hooks and logs see the client's. */
  #returnRequest(): void {
    const { raw } = this.#request
    if (raw.url !== this.#url) raw.url = this.#url
    returnHeaders(raw, this.#headers)
  }
}

/** Gives Next a copy of the headers to work on. */
function lendHeaders(raw: IncomingMessage, headers: IncomingHttpHeaders): void {
  if (raw.httpVersionMajor < 2) {
    raw.headers = { ...headers }
    return
  }
  // Pseudo-headers are no header names to the Fetch API that Next builds its requests with.
  const copy = Object.fromEntries(Object.entries(headers).filter(([name]) => name[0] !== ':'))
  copy.host ??= headers[':authority'] as string | undefined
  // The headers of an HTTP/2 request have no setter.
  Object.defineProperty(raw, 'headers', { configurable: true, value: copy, writable: true })
}

function returnHeaders(raw: IncomingMessage, headers: IncomingHttpHeaders): void {
  if (raw.httpVersionMajor < 2) raw.headers = headers
  else Reflect.deleteProperty(raw, 'headers')
}

/** Whether the status text is another than the one that Node gives the status. */
function hasOwnStatusText({ statusCode, statusMessage }: ServerResponse): boolean {
  return Boolean(statusMessage) && statusMessage !== STATUS_CODES[statusCode]
}

function canHaveTrailers(request: IncomingMessage, payload: Payload): boolean {
  return payload instanceof ResponseBody && request.httpVersion !== '1.0'
}

function count(values: Headers[string]): number {
  return values === undefined ? 0 : [values].flat().length
}

function statusOf(error: unknown): number {
  const { statusCode, status } = Object(error) as { statusCode?: unknown; status?: unknown }
  const code = Number(statusCode ?? status)
  return code >= 400 && code <= 599 ? code : 500
}

/** Fastify adds cookies to the very list that it hands out. */
function copyOf(headers: Headers): Headers {
  const cookies = headers['set-cookie']
  return Array.isArray(cookies) ? { ...headers, 'set-cookie': [...cookies] } : headers
}
