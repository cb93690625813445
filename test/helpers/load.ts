import { Agent, type IncomingMessage, request } from 'node:http'

/** How a request has ended: with all of its answer, or in one of the ways in which it has none. */
export type Ending =
  | { kind: 'answered'; body: string }
  | { kind: 'refused' }
  /** The server has closed a connection that was idle just when the client reused it. */
  | { kind: 'met a closed idle connection' }
  | { kind: 'failed'; problem: string }

export interface Outcome {
  path: string
  ending: Ending
  /** By `performance.now()`. */
  endedAt: number
  /** In ms. */
  took: number
}

/** An answer may take this long before it counts as none, in ms. */
const BOUND = 30_000

/** Sends requests to one server on kept-alive connections. */
export class Backend {
  readonly url: string
  readonly outcomes: Outcome[] = []
  readonly #pending = new Set<Promise<void>>()
  readonly #agent = new Agent({ keepAlive: true })
  readonly #isWhole: (path: string, body: string) => boolean

  /** @param isWhole whether the body of an answer has all that a page has to say */
  constructor(url: string, isWhole: (path: string, body: string) => boolean) {
    this.url = url
    this.#isWhole = isWhole
  }

  send(path: string): void {
    const begin = performance.now()
    const pending = this.#end(path).then(ending => {
      const endedAt = performance.now()
      this.outcomes.push({ path, ending, endedAt, took: endedAt - begin })
      this.#pending.delete(pending)
    })
    this.#pending.add(pending)
  }

  /** How many requests have not ended. */
  get waiting(): number {
    return this.#pending.size
  }

  /** Resolves when all that was sent has ended. */
  async settled(): Promise<void> {
    await Promise.all(this.#pending)
  }

  /** Closes the connections that are left. */
  close(): void {
    this.#agent.destroy()
  }

  #end(path: string): Promise<Ending> {
    return new Promise(resolve => {
      const outgoing = request(this.url, { agent: this.#agent, path })
      let status: number | undefined
      const fail = (error: NodeJS.ErrnoException): void => {
        const isReset = error.code === 'ECONNRESET' || error.code === 'EPIPE'
        if (error.code === 'ECONNREFUSED') resolve({ kind: 'refused' })
        else if (isReset && status === undefined && outgoing.reusedSocket)
          resolve({ kind: 'met a closed idle connection' })
        else resolve({ kind: 'failed', problem: `${path}: ${status ?? ''} ${error.message}` })
      }
      outgoing.setTimeout(BOUND, () => outgoing.destroy(new Error('no answer in time')))
      outgoing.on('error', fail)
      outgoing.on('response', (response: IncomingMessage) => {
        status = response.statusCode
        let body = ''
        response.setEncoding('utf8').on('data', text => {
          body += text
        })
        response.on('error', fail)
        response.on('end', () => {
          if (status === 200 && this.#isWhole(path, body)) resolve({ kind: 'answered', body })
          else resolve({ kind: 'failed', problem: `${path}: ${status} ${body.slice(0, 200)}` })
        })
      })
      outgoing.end()
    })
  }
}

/** Has `rate` requests a second sent to `paths` in turn, whatever becomes of them, until stopped. */
export class Load {
  readonly #timer: NodeJS.Timeout
  readonly #waiting = new Set<() => void>()
  #sent = 0

  constructor(rate: number, paths: readonly string[], send: (path: string) => void) {
    const begin = performance.now()
    this.#timer = setInterval(() => {
      const due = ((performance.now() - begin) * rate) / 1000
      while (this.#sent < due) send(paths[this.#sent++ % paths.length] as string)
      for (const check of this.#waiting) check()
    }, 5)
  }

  /** Resolves when this many more requests have been sent. */
  async more(count: number): Promise<void> {
    const target = this.#sent + count
    await new Promise<void>(resolve => {
      const check = (): void => {
        if (this.#sent < target) return
        this.#waiting.delete(check)
        resolve()
      }
      this.#waiting.add(check)
    })
  }

  stop(): void {
    clearInterval(this.#timer)
  }
}
