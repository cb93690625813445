import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http'
import { FST_NEXT_REQUEST_FAILED } from '../errors.js'
import { HIGH_WATER_MARK, ResponseBody } from './body.js'
import type { BodyCopy } from './body-copy.js'
import { ConnectionResponse, cutOff, hasLeft } from './connection-response.js'
import type { Contexts } from './contexts.js'
import { bytesOf, encodingOf, encodingOfHead, headersOf } from './node-arguments.js'
import { Pieces } from './pieces.js'

type Callback = (error?: Error | null) => void

/** What leaves: nothing, the whole body in one piece, or a stream of it. */
export type Payload = undefined | Buffer | ResponseBody

/**
 * The response that Next writes into. It never touches a socket: the head stays here, and the body
 * is handed over in one piece if it ends in the turn in which it begins, else as a stream.
 *
 * It extends Node's class for all that Next, its `compression` and `send`, and Pages Router
 * handlers expect of one: header methods, checks and error codes are Node's own.
 */
export class NextResponse extends ConnectionResponse {
  /** Node's head of the message. `headersSent` is derived from it, and `compression` reads it. */
  declare _header: string | null
  /** False for HEAD, 1xx, 204 and 304. */
  declare _hasBody: boolean
  declare _implicitHeader: () => void

  /** The encoding in which Node would have sent the head: the bytes of `größe` depend on it. */
  headEncoding: 'latin1' | 'utf8' | undefined
  /** The status in the head: Next may set `statusCode` again while `compression` holds the body. */
  headStatus = 200
  /** Is given what of the body is written. */
  copy: BodyCopy | undefined

  readonly #deliver: (payload: Payload) => void
  readonly #contexts: Contexts
  #delivered = false
  #abandoned = false
  #flush: NodeJS.Immediate | undefined
  readonly #pending = new Pieces()
  #body: ResponseBody | undefined
  #needsDrain = false
  #hasTrailers = false
  #written: Callback[] = []
  #finished = false
  #closed = false
  #error: Error | null = null

  /**
   * @param raw what the answer will leave through
   * @param deliver called at most once, with the head final
   */
  constructor(
    request: IncomingMessage,
    raw: ServerResponse,
    deliver: (payload: Payload) => void,
    contexts: Contexts
  ) {
    super(request, raw)
    this.#deliver = deliver
    this.#contexts = contexts
    raw.once('finish', () => this.#finish())
    raw.once('close', () => this.#close())
  }

  /** Node's `writeHead` ends here, having checked and merged what it was given. */
  _storeHeader(statusLine: string, headers?: Readonly<OutgoingHttpHeaders> | readonly unknown[]) {
    // Without a header set before, Node passes on the ones given to `writeHead` unmerged.
    if (headers && this.getHeaderNames().length === 0) {
      for (const [name, value] of headersOf(headers)) this.appendHeader(name, value)
    }
    this._header = statusLine
    this.headStatus = this.statusCode
  }

  override flushHeaders(): void {
    this.headEncoding ??= 'utf8'
    if (!this._header) this._implicitHeader()
    this.#scheduleFlush()
  }

  override write(
    chunk: unknown,
    encoding?: BufferEncoding | Callback,
    callback?: Callback
  ): boolean {
    // The size of a chunk goes before it, in Latin-1.
    const isChunked = !this.hasHeader('content-length')
    this.headEncoding ??= isChunked ? 'latin1' : encodingOfHead(chunk, encoding)
    return this.#write(chunk, encoding, callback)
  }

  /** Not `write`, which `compression` and handlers wrap: Node's `end` does not call it either. */
  #write(chunk: unknown, encoding?: BufferEncoding | Callback, callback?: Callback): boolean {
    const bytes = bytesOf(chunk, encoding)
    if (bytes === undefined || this.finished || this.destroyed) {
      return super.write(chunk, encoding as BufferEncoding, callback)
    }
    const done = typeof encoding === 'function' ? encoding : callback
    if (!this._header) this._implicitHeader()
    if (!this._hasBody) {
      if (done) process.nextTick(done)
      return true
    }
    if (done) this.#written.push(done)
    return this.#accept(bytes)
  }

  override end(...given: [chunk?: unknown, encoding?: unknown, callback?: unknown]): this {
    if (this.finished) return super.end(...(given as [unknown, BufferEncoding, Callback]))
    const done = given.find(argument => typeof argument === 'function') as Callback | undefined
    const [chunk, encoding] = given
    this.headEncoding ??= this._hasBody ? encodingOfHead(chunk, encoding) : 'latin1'
    if (chunk && chunk !== done) this.#write(chunk, encodingOf(encoding))
    else if (!this._header) this._implicitHeader()
    if (done) this.once('finish', done)
    this.finished = true
    // Next may end what it has destroyed, with a text of its own.
    if (this.destroyed) return this
    if (this.#body) this.#body.push(null)
    else if (this.#hasTrailers && this._hasBody) this.#stream()
    else this.#hand(this.#pending.take())
    this.copy?.end()
    return this
  }

  override destroy(error?: Error): this {
    // What has ended without an error is complete, and closes when it has left.
    if (this.destroyed || (this.finished && !error && !this.#abandoned)) return this
    // What was written goes out, as it would have through a socket, and then the connection is cut.
    if (this.#pending.length > 0) this.#stream()
    this.destroyed = true
    this.#error = error ?? null
    const failure = new FST_NEXT_REQUEST_FAILED({ cause: error })
    if (this.#body) this.#body.cut(failure)
    else if (!this.#abandoned) this.#contexts.ofReply(() => cutOff(this.raw, failure))
    process.nextTick(() => this.#close())
    return this
  }

  /** Ends Next's work on a request that somebody else has answered. */
  abandon(): void {
    this.#abandoned = true
    this.#delivered = true
    this.copy = undefined
    this.destroy()
    this.#body?.destroy()
  }

  override addTrailers(headers: OutgoingHttpHeaders | readonly [string, string][]): void {
    this.#hasTrailers = true
    this.raw.addTrailers(headers)
  }

  #accept(bytes: Buffer): boolean {
    if (bytes.length === 0) return true
    this.copy?.add(bytes)
    let accepts: boolean
    if (this.#body) {
      accepts = this.#body.push(bytes)
    } else {
      this.#pending.add(bytes)
      accepts = this.#pending.length <= HIGH_WATER_MARK
      this.#scheduleFlush()
    }
    this.#needsDrain ||= !accepts
    return accepts
  }

  #scheduleFlush(): void {
    if (this.#delivered || this.#flush) return
    this.#flush = setImmediate(() => this.#stream())
  }

  #stream(): void {
    if (this.#delivered || this.destroyed) return
    const body = new ResponseBody(this.raw, this.#contexts, {
      onRead: () => this.#drain(),
      onDestroy: error => this.#onBodyDestroyed(error)
    })
    const pending = this.#pending.take()
    this.#body = body
    if (pending) body.push(pending)
    if (this.finished) body.push(null)
    this.#hand(body)
  }

  #hand(payload: Payload): void {
    if (this.#delivered) return
    this.#delivered = true
    if (this.#flush) clearImmediate(this.#flush)
    this.#deliver(payload)
  }

  /** What was written is being read. */
  #drain(): void {
    if (this.destroyed) return
    process.nextTick(() => this.#onDrained())
  }

  #onDrained(): void {
    this.#callBack()
    if (!this.#needsDrain || this.destroyed) return
    this.#needsDrain = false
    this.#emitToNext('drain')
  }

  #callBack(): void {
    if (this.#written.length === 0) return
    const callbacks = this.#written
    this.#written = []
    for (const callback of callbacks) {
      // For a response that is destroyed Node's `write` has the right error.
      if (this.destroyed) super.write('', 'utf8', callback)
      else this.#contexts.ofNext(callback)
    }
  }

  #onBodyDestroyed(error: Error | null): void {
    if (this.#body?.readableEnded) return
    if (!this.destroyed) this.destroy(error ?? undefined)
  }

  #finish(): void {
    if (this.#finished || this.destroyed || !this.finished) return
    this.#finished = true
    this.#callBack()
    this.#emitToNext('finish')
  }

  #close(): void {
    if (this.#closed) return
    this.#closed = true
    if (this.#flush) clearImmediate(this.#flush)
    if (hasLeft(this.raw)) this.#body?.destroy()
    this.destroyed = true
    this.#callBack()
    this.#emitToNext('close')
  }

  #emitToNext(event: string): void {
    this.#contexts.ofNext(() => this.emit(event))
  }

  /** Node derives these from the socket, which is not this response's own. */
  static {
    Object.defineProperties(NextResponse.prototype, {
      closed: getter(response => response.#closed),
      errored: getter(response => response.#error),
      writableFinished: getter(
        response =>
          response.#finished ||
          (response.finished && !response.#abandoned && response.raw.writableFinished)
      ),
      writableLength: getter(
        response => response.#pending.length + (response.#body?.readableLength ?? 0)
      ),
      writableNeedDrain: getter(response => response.#needsDrain && !response.finished)
    })
  }
}

function getter(get: (response: NextResponse) => unknown): PropertyDescriptor {
  return {
    configurable: true,
    get(this: NextResponse) {
      return get(this)
    }
  }
}
