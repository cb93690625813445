import type { ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { cutOff } from './connection-response.js'
import type { Contexts } from './contexts.js'

/** As much as a socket of Node 22 and later holds back, in bytes. */
export const HIGH_WATER_MARK = 64 * 1024

interface Listeners {
  /** What was pushed is being read. */
  onRead(): void
  onDestroy(error: Error | null): void
}

/** The streamed body of an answer: what Next writes is pushed, what Fastify pipes is read. */
export class ResponseBody extends Readable {
  readonly #raw: ServerResponse
  readonly #contexts: Contexts
  readonly #listeners: Listeners
  #flushesHead = false
  #failure: Error | undefined

  constructor(raw: ServerResponse, contexts: Contexts, listeners: Listeners) {
    super({ highWaterMark: HIGH_WATER_MARK })
    this.#raw = raw
    this.#contexts = contexts
    this.#listeners = listeners
    // It may fail before anybody listens, or under a hook that pipes it and does not.
    this.on('error', () => {})
  }

  /** Lets out what was pushed, and then breaks off, so that a cut answer never looks complete. */
  cut(failure: Error): void {
    this.#failure = failure
    // A chunk may just have been handed on, and is written at the end of this turn.
    this.#contexts.ofReply(() => setImmediate(() => this.#breakOffWhenRead()))
  }

  override push(chunk: Buffer | null): boolean {
    return this.#contexts.ofReply(() => super.push(chunk))
  }

  override pipe<Destination extends NodeJS.WritableStream>(
    destination: Destination,
    options?: { end?: boolean }
  ): Destination {
    // Not before: Fastify sets the head on the raw response right before it pipes a body there.
    this.#flushesHead = Object.is(destination, this.#raw)
    return super.pipe(destination, options)
  }

  override read(size?: number): unknown {
    const chunk = super.read(size)
    // Once the chunk is handed on.
    if (this.#failure) setImmediate(() => this.#breakOffWhenRead())
    return chunk
  }

  override _read(): void {
    if (this.#flushesHead) {
      this.#flushesHead = false
      // Else the head would wait for the first chunk, which an event stream may send much later.
      if (this.readableLength === 0 && !this.#raw.headersSent) flushHead(this.#raw)
    }
    this.#listeners.onRead()
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#listeners.onDestroy(error)
    callback(error)
  }

  #breakOffWhenRead(): void {
    // While hooks run nobody reads yet; one that has replaced the body never will.
    if (this.readableFlowing === null || this.readableLength > 0 || this.destroyed) return
    // Whatever a hook has put in between would keep the client waiting.
    const failure = this.#failure as Error
    cutOff(this.#raw, failure)
    this.destroy(failure)
  }
}

const NOTHING = Buffer.alloc(0)

/** In Latin-1, as before every chunk. `flushHeaders()` of HTTP/1 sends a head in UTF-8. */
function flushHead(raw: ServerResponse): void {
  if (raw.req.httpVersionMajor === 1 && raw.req.method !== 'HEAD') raw.write(NOTHING)
  else raw.flushHeaders()
}
