import type { IncomingMessage } from 'node:http'
import type { PageEntry } from '../next/page-cache.js'
import type { Witness } from '../response/answer.js'
import type { Headers } from '../response/headers.js'

/** What Next has looked for in its cache, and how many changes there had been by then. */
export interface Lookup {
  entry: PageEntry | undefined
  changes: number
}

/** Takes the body of an answer with this head, if the answer may be kept. */
type Accept = (visit: PageVisit, headers: Headers) => ((body: Buffer) => void) | undefined

/** A request that Next answers, and whose answer may be kept. */
export class PageVisit implements Witness {
  readonly lookups: Lookup[] = []
  readonly request: IncomingMessage
  readonly path: string
  readonly name: string
  readonly #accept: Accept
  #isAnswered = false

  constructor(request: IncomingMessage, path: string, name: string, accept: Accept) {
    this.request = request
    this.path = path
    this.name = name
    this.#accept = accept
  }

  /** Whether Next has begun to answer. */
  get isAnswered(): boolean {
    return this.#isAnswered
  }

  head(status: number, headers: Headers): ReturnType<Accept> {
    this.#isAnswered = true
    return status === 200 ? this.#accept(this, headers) : undefined
  }
}
