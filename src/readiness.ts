import type { FastifyBaseLogger } from 'fastify'
import { FST_NEXT_PREPARE_FAILED, FST_NEXT_PREPARE_TIMEOUT } from './errors.js'
import { within } from './within.js'

/** How long a request waits for the development server to start. */
export const READY_TIMEOUT_MS = 60_000

/** The start of the Next app: awaited in production, in the background in development. */
export class Readiness {
  readonly #dir: string
  #prepared: Promise<void> | undefined
  #error: Error | undefined
  #isReady = false

  constructor(dir: string) {
    this.#dir = dir
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
  beginInBackground(prepare: () => Promise<void>, log: FastifyBaseLogger): void {
    this.begin(prepare).catch((error: unknown) => log.error(error))
  }

  /**
   * Waits for the start, at most for as long as a request may.
   * @throws FST_NEXT_PREPARE_FAILED
   * @throws FST_NEXT_PREPARE_TIMEOUT
   */
  async wait(timeout = READY_TIMEOUT_MS): Promise<void> {
    if (this.#isReady) return
    // A new one for each request: error handlers may change what they are given.
    if (this.#error) {
      const cause = this.#error.cause ?? this.#error
      throw new FST_NEXT_PREPARE_FAILED(this.#dir, { cause })
    }
    if (!(await within(this.#prepared ?? NEVER, timeout))) {
      throw new FST_NEXT_PREPARE_TIMEOUT(timeout)
    }
  }

  /** Resolves when the start has ended, well or not, or has not begun. */
  async settled(): Promise<void> {
    await this.#prepared?.catch(() => {})
  }
}

const NEVER = new Promise<void>(() => {})
