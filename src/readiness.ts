import type { FastifyBaseLogger } from 'fastify'
import {
  FST_NEXT_PREPARE_ABANDONED,
  FST_NEXT_PREPARE_FAILED,
  FST_NEXT_PREPARE_TIMEOUT
} from './errors.js'
import { within } from './within.js'

/** How long a request waits for the development server to start. */
export const READY_TIMEOUT_MS = 60_000

/** The start of the Next app: awaited in production, in the background in development. */
export class Readiness {
  readonly #dir: string
  readonly #log: FastifyBaseLogger
  /** Resolves when the start is not waited for any more. */
  readonly #abandoned: Promise<void>
  #abandon: () => void = () => {}
  #isAbandoned = false
  #hasWaited = false
  #prepared: Promise<void> | undefined
  #error: Error | undefined
  #isReady = false

  constructor(dir: string, log: FastifyBaseLogger) {
    this.#dir = dir
    this.#log = log
    this.#abandoned = new Promise(resolve => {
      this.#abandon = resolve
    })
  }

  /** Whether requests can be handed to Next at once. */
  get isReady(): boolean {
    return this.#isReady
  }

  async begin(prepare: () => Promise<void>): Promise<void> {
    this.#prepared = prepare().then(
      () => {
        this.#isReady = true
      },
      (error: Error) => {
        this.#error = error
        throw error
      }
    )
    await this.#prepared
  }

  /** Starts without waiting; a failure is logged, and answers every request. */
  beginInBackground(prepare: () => Promise<void>): void {
    this.begin(prepare).catch((error: unknown) => {
      // What is closed as it starts may well fail.
      if (!this.#isAbandoned) this.#log.error(error)
    })
  }

  /**
   * Waits for the start, at most for as long as a request may.
   * @throws FST_NEXT_PREPARE_FAILED
   * @throws FST_NEXT_PREPARE_TIMEOUT
   * @throws FST_NEXT_PREPARE_ABANDONED
   */
  async wait(timeout = READY_TIMEOUT_MS): Promise<void> {
    if (this.#isReady) return
    if (!this.#error && !(await within(this.#ended(), timeout))) {
      throw new FST_NEXT_PREPARE_TIMEOUT(timeout)
    }
    // A new one for each request: error handlers may change what they are given.
    if (this.#error) {
      const cause = this.#error.cause ?? this.#error
      throw new FST_NEXT_PREPARE_FAILED(this.#dir, { cause })
    }
    if (!this.#isReady) throw new FST_NEXT_PREPARE_ABANDONED()
  }

  /** Ends the waiting of requests, since the server is closed. */
  abandon(): void {
    this.#isAbandoned = true
    this.#abandon()
  }

  /** Resolves when the start has ended, well or not, or is abandoned. */
  #ended(): Promise<unknown> {
    if (!this.#hasWaited) {
      this.#hasWaited = true
      this.#log.info('Requests wait for Next.js to start')
    }
    const settled = this.#prepared?.catch(() => {}) ?? NEVER
    return Promise.race([settled, this.#abandoned])
  }

  /** Resolves when the start has ended, well or not, or has not begun. */
  async settled(): Promise<void> {
    await this.#prepared?.catch(() => {})
  }
}

const NEVER = new Promise<void>(() => {})
