import type { ServerResponse } from 'node:http'
import { Readable } from 'node:stream'

/** As much as a socket of Node 22 and later holds back, in bytes. */
export const HIGH_WATER_MARK = 64 * 1024

interface Listeners {
  /** What was pushed has been read. */
  onRead(): void
  onDestroy(error: Error | null): void
}

/** The streamed body of an answer: what Next writes is pushed, what Fastify pipes is read. */
export class ResponseBody extends Readable {
  readonly #raw: ServerResponse
  readonly #listeners: Listeners
  #flushesHead = false

  constructor(raw: ServerResponse, listeners: Listeners) {
    super({ highWaterMark: HIGH_WATER_MARK })
    this.#raw = raw
    this.#listeners = listeners
  }

  override pipe<Destination extends NodeJS.WritableStream>(
    destination: Destination,
    options?: { end?: boolean }
  ): Destination {
    // Not before: Fastify sets the head on the raw response right before it pipes a body there.
    this.#flushesHead = Object.is(destination, this.#raw)
    return super.pipe(destination, options)
  }

  override _read(): void {
    if (this.#flushesHead) {
      this.#flushesHead = false
      // Else the head would wait for the first chunk, which an event stream may send much later.
      if (this.readableLength === 0 && !this.#raw.headersSent) this.#raw.flushHeaders()
    }
    this.#listeners.onRead()
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#listeners.onDestroy(error)
    callback(error)
  }
}
