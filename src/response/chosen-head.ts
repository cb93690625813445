import type { Headers } from './headers.js'

/** They go out with Next's own. */
const ADDED = new Set(['set-cookie', 'vary'])

/** What a page has set on the reply while Next rendered it: it has the last word. */
export class ChosenHead {
  #status: number | undefined
  readonly #headers = new Set<string>()

  chooseStatus(status: number): void {
    this.#status = status
  }

  chooseHeader(name: string): void {
    this.#headers.add(name.toLowerCase())
  }

  /** Redirects and errors stay what they are. */
  status(ofNext: number): number {
    return ofNext === 200 ? (this.#status ?? ofNext) : ofNext
  }

  /** Without those that the reply has of the page. */
  headers(ofNext: Headers): Headers {
    if (this.#headers.size === 0) return ofNext
    const isLeft = ([name]: [string, unknown]) => ADDED.has(name) || !this.#headers.has(name)
    return Object.fromEntries(Object.entries(ofNext).filter(isLeft))
  }
}
