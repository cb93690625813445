import type { PageEntry } from '../next/page-cache.js'
import type { Witness } from '../response/answer.js'
import type { Headers } from '../response/headers.js'

/** What Next has looked for in its cache, and how many changes there had been by then. */
export interface Lookup {
  entry: PageEntry | undefined
  changes: number
}

/** Whether an answer with this head may be kept. */
type Accepts = (visit: PageVisit, headers: Headers) => boolean
/** Keeps an answer, when it is complete. */
type Keep = (visit: PageVisit, headers: Headers, body: Buffer) => void

/** A request that Next answers, and whose answer may be kept. */
export class PageVisit implements Witness {
  readonly lookups: Lookup[] = []
  readonly path: string
  readonly name: string
  readonly #accepts: Accepts
  readonly #keep: Keep
  #headers: Headers = {}

  constructor(path: string, name: string, accepts: Accepts, keep: Keep) {
    this.path = path
    this.name = name
    this.#accepts = accepts
    this.#keep = keep
  }

  head(status: number, headers: Headers): boolean {
    this.#headers = headers
    return status === 200 && this.#accepts(this, headers)
  }

  body(bytes: Buffer): void {
    this.#keep(this, this.#headers, bytes)
  }
}
