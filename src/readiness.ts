import type { FastifyBaseLogger } from 'fastify'
import { FST_NEXT_PREPARE_TIMEOUT } from './errors.js'
import { within } from './within.js'

/** How long a request waits for the development server to start. */
export const READY_TIMEOUT_MS = 60_000

/** The start of the Next app: awaited in production, in the background in development. */
export class Readiness {
  #prepared: Promise<void> | undefined
  #error: Error | undefined
  #isReady = false

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
  async wait(): Promise<void> {
    if (this.#isReady) return
    if (this.#error) throw this.#error
    if (!(await within(this.#prepared ?? NEVER, READY_TIMEOUT_MS))) {
      throw new FST_NEXT_PREPARE_TIMEOUT(READY_TIMEOUT_MS)
    }
  }

  /** Resolves when the start has ended, well or not, or has not begun. */
  async settled(): Promise<void> {
    await this.#prepared?.catch(() => {})
  }
}

const NEVER = new Promise<void>(() => {})
