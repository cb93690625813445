import { AsyncResource } from 'node:async_hooks'
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import { STATUS_CODES } from 'node:http'
import { Readable } from 'node:stream'
import type { FastifyReply } from 'fastify'
import {
  FST_NEXT_ALREADY_ANSWERED,
  FST_NEXT_ERROR_PAGE_UNSUPPORTED,
  FST_NEXT_REQUEST_FAILED
} from '../errors.js'
import { ResponseBody } from './body.js'
import { BodyCopy } from './body-copy.js'
import { ChosenHead } from './chosen-head.js'
import { cutOff } from './connection-response.js'
import type { Contexts } from './contexts.js'
import { statusOf } from './error-status.js'
import { copyOf, type Headers, singleValues } from './headers.js'
import type { ReplyAnswer } from './hooks.js'
import { lendHeaders, returnHeaders } from './lent-headers.js'
import { returnUrl } from './lent-url.js'
import { MergedHead } from './merged-head.js'
import { NextResponse, type Payload } from './next-response.js'
import { nextFirst, type Precedence } from './precedence.js'
import { addTiming } from './server-timing.js'

/** Calls Next with a request and the response that it is to write. */
export type Handle = (request: IncomingMessage, response: ServerResponse) => Promise<void>

/** Is shown what Next answers. */
export interface Witness {
  /**
   * Is not called for an answer that nobody gets. What it returns is given all of the body, once that
   * has ended, unless it is a long one.
   */
  head(status: number, headers: Headers): ((body: Buffer) => void) | undefined
}

/** Next's answer to one request, on its way to the client through the reply. */
export class Answer implements ReplyAnswer {
  readonly chosen = new ChosenHead()
  readonly #request: IncomingMessage
  readonly #reply: FastifyReply
  readonly #precedence: Precedence
  readonly #runInNext: Contexts['ofNext']
  readonly #witness: Witness | undefined
  readonly #response: NextResponse
  readonly #url: string | undefined
  readonly #headers: IncomingHttpHeaders
  /** Hooks of the user must not run in the async context of Next's render. */
  readonly #scope = new AsyncResource('FastifyNextAnswer')
  #merged: MergedHead | undefined
  #state: 'asked' | 'sent' | 'dropped' = 'asked'

  /**
   * @param request the client's own, which is shared with hooks and logs, or one of ours
   * @param runInNext runs a call in the async context of Next
   */
  constructor(
    reply: FastifyReply,
    request: IncomingMessage,
    precedence: Precedence,
    runInNext: Contexts['ofNext'],
    witness?: Witness
  ) {
    this.#request = request
    this.#reply = reply
    this.#precedence = precedence
    this.#runInNext = runInNext
    this.#witness = witness
    this.#url = request.url
    this.#headers = request.headers
    this.#response = new NextResponse(
      request,
      reply.raw,
      payload => this.#scope.runInAsyncScope(this.#send, this, payload),
      { ofReply: call => this.#scope.runInAsyncScope(call), ofNext: runInNext }
    )
    if (witness) this.#response.copy = new BodyCopy()
    // At the latest: hooks run after a client has left, too.
    this.#response.once('close', () => {
      this.#returnRequest()
      if (!this.isPending) return
      // To Node a response of HTTP/2 has finished however its stream has ended.
      if (reply.raw.headersSent && reply.raw.writableFinished) this.#drop()
      else if (!reply.raw.headersSent) reply.log.info({ res: reply }, 'request aborted')
    })
  }

  get isPending(): boolean {
    return this.#state === 'asked'
  }

  get isLeaving(): boolean {
    return this.#state === 'sent'
  }

  /** Asks Next. Its promise says nothing about the answer, unless it rejects before the head. */
  ask(handle: Handle): void {
    const response = this.#response
    // It was answered in Next's place, or the client has left.
    if (response.destroyed) return
    lendHeaders(this.#request, this.#headers)
    this.#runInNext(() => handle(this.#request, response)).catch((cause: unknown) => {
      const isCoded = cause instanceof FST_NEXT_ERROR_PAGE_UNSUPPORTED
      const error = isCoded ? cause : new FST_NEXT_REQUEST_FAILED({ cause })
      // A complete answer stands.
      if (response.writableEnded) this.#reply.log.error(error)
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
      this.#state = 'dropped'
      this.#response.abandon()
      this.#returnRequest()
      if (!this.#reply.sent) this.#reply.send(error)
    })
  }

  giveWayTo(error: unknown): void {
    this.#state = 'dropped'
    this.#response.abandon()
    this.#returnRequest()
    if (this.#reply.raw.headersSent) return
    if (this.#merged) {
      this.#merged.undo()
      this.#reply.code(statusOf(error))
      if (this.#request.httpVersionMajor === 1) this.#reply.raw.statusMessage = ''
      this.#merged = undefined
    }
    this.#reply.header('cache-control', 'no-store')
  }

  beforeSend(payload: unknown): void {
    this.#merged?.beforeSend(payload)
    if (typeof payload !== 'string') this.#encodeHeaders()
  }

  #send(payload: Payload): void {
    this.#returnRequest()
    const reply = this.#reply
    const response = this.#response
    if (reply.sent || reply.raw.headersSent) {
      this.#drop()
      return
    }
    this.#state = 'sent'
    const before = copyOf(reply.getHeaders())
    const status = this.chosen.status(
      this.#precedence.status(response.headStatus, reply.statusCode)
    )
    const ofNext = singleValues(response.getHeaders())
    const taker = this.#witness?.head(response.headStatus, ofNext)
    if (response.copy && taker) response.copy.taker = taker
    else response.copy = undefined
    const merged = this.chosen.headers(this.#precedence.headers(ofNext, before, status))
    const headers = addTiming(reply, 'next', merged, before)
    this.#merged = new MergedHead(reply, headers, payload, before)
    // Fastify's `code()` ends at 599, Node's status codes at 999.
    if (status < 600) reply.code(status)
    else reply.raw.statusCode = status
    if (hasOwnStatusText(response, status) && this.#request.httpVersionMajor === 1) {
      reply.raw.statusMessage = response.statusMessage
    }
    if (!response.sendDate) reply.raw.sendDate = false
    // Node refuses to announce trailers where it can't send them: after the last chunk only.
    if (headers.trailer !== undefined && !canHaveTrailers(this.#request, payload)) {
      reply.removeHeader('trailer')
    }
    // Only Next's routes have the hook that does it after those of the user.
    if (this.#precedence !== nextFirst) this.#encodeHeaders()
    // Fastify names a type for every buffer, and only Next's routes have the hook that removes it.
    const isNamed = this.#precedence !== nextFirst && reply.getHeader('content-type') === undefined
    try {
      reply.send(isNamed && Buffer.isBuffer(payload) ? Readable.from([payload]) : payload)
    } catch (error) {
      this.#sendError(error)
    }
  }

  /** A buffer or a stream has Node send the head in Latin-1. */
  #encodeHeaders(): void {
    if (this.#request.httpVersionMajor === 2) return
    if (this.#response.headEncoding === 'utf8') this.#merged?.encode()
  }

  /** Somebody else has answered. */
  #drop(): void {
    this.#state = 'dropped'
    this.#reply.log.warn(new FST_NEXT_ALREADY_ANSWERED(this.#reply.request.url))
    this.#response.abandon()
  }

  #sendError(error: unknown): void {
    try {
      this.#reply.send(error)
    } catch (cause) {
      // Fastify takes nothing more, for example in an `onError` hook, which waits for the answer.
      this.#reply.log.error(cause)
      cutOff(this.#reply.raw, new FST_NEXT_REQUEST_FAILED({ cause }))
    }
  }

  /** Next has changed the URL and the headers for its own use; hooks and logs see the client's. */
  #returnRequest(): void {
    const request = this.#request
    returnUrl(request, this.#url)
    returnHeaders(request, this.#headers)
  }
}

/** Whether the status text is another than the one that Node gives the status. */
function hasOwnStatusText({ headStatus, statusMessage }: NextResponse, status: number): boolean {
  return status === headStatus && Boolean(statusMessage) && statusMessage !== STATUS_CODES[status]
}

function canHaveTrailers(request: IncomingMessage, payload: Payload): boolean {
  return payload instanceof ResponseBody && request.httpVersion !== '1.0'
}
