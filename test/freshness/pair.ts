import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Answer, HOST, type Request, send } from '../same-answers/exchange.js'
import type { Servers } from '../same-answers/servers.js'

type Both<Value> = readonly [next: Value, plugin: Value]

const BOUND = 10_000
/** Neither server keeps an answer to it, and no page is renewed for it. */
const LOOK = { Purpose: 'prefetch', Range: 'bytes=0-0' }

/** Two servers, as one client knows them. */
export class Pair {
  readonly #servers: Servers
  /** What stands for the cookie of draft mode in a request, for each of them. */
  readonly #drafts: [next: string, plugin: string] = ['none', 'none']
  readonly #etags = new Map<string, string>()

  constructor(servers: Servers) {
    this.#servers = servers
  }

  async send(request: Request): Promise<Both<Answer>> {
    const answers = await this.#both((port, side) => send(port, this.#filled(request, side)))
    answers.forEach((answer, side) => {
      const draft = headerOf(answer, 'set-cookie', /^__prerender_bypass=\w{8,}/)
      if (draft !== undefined) this.#drafts[side] = draft
    })
    const etag = headerOf(answers[0], 'etag', /.+/)
    if (etag !== undefined) this.#etags.set(request.path, etag)
    return answers
  }

  /** Leaves when the request is sent, or when the answer has begun to come. */
  async leave(path: string, isSent: boolean): Promise<void> {
    await this.#both(async port => {
      const socket = connect(port, 'localhost')
      socket.on('error', () => {})
      const closed = once(socket, 'close')
      socket.write(`GET ${path} HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`, () => {
        if (isSent) socket.destroy()
      })
      socket.once('data', () => socket.destroy())
      await closed
    })
  }

  /** Waits until neither of them would answer with a page that is out of date. Resolves to who would. */
  async renewed(path: string): Promise<Both<boolean>> {
    const look = { method: 'HEAD', path, headers: LOOK }
    let stale: Both<boolean> = [false, false]
    await this.#until(async () => {
      const [next, plugin] = await this.send(look)
      stale = [isStale(next), isStale(plugin)]
      return !stale.includes(true)
    })
    return stale
  }

  /** What both have rendered how often: when it is the same, or does not get so in time. */
  async rendered(): Promise<Both<string>> {
    let bodies: Both<string> = ['', '']
    await this.#until(async () => {
      const [next, plugin] = await this.send({ method: 'GET', path: '/rendered' })
      bodies = [next.body, plugin.body]
      return next.body === plugin.body && !/"under way":[^0]/.test(next.body)
    })
    return bodies
  }

  wait(ms: number): Promise<void> {
    return this.#servers.wait(ms)
  }

  #filled(request: Request, side: number): Request {
    const draft = String(this.#drafts[side])
    const fill = (value: string): string =>
      value
        .replace('DRAFT', draft)
        .replace('PREVIEW', draft.replace(/^.*=/, ''))
        .replace('ETAG', this.#etags.get(request.path) ?? '"none"')
    const headers = Object.entries(request.headers ?? {}).map(([name, value]) => [
      name,
      fill(String(value))
    ])
    return { ...request, headers: Object.fromEntries(headers) }
  }

  #both<Value>(act: (port: number, side: number) => Promise<Value>): Promise<Both<Value>> {
    return Promise.all([act(this.#servers.next, 0), act(this.#servers.plugin, 1)])
  }

  async #until(isSo: () => Promise<boolean>): Promise<void> {
    const deadline = Date.now() + BOUND
    while (!(await isSo()) && Date.now() < deadline) await sleep(5)
  }
}

export function isStale(answer: Answer): boolean {
  return headerOf(answer, 'x-nextjs-cache', /^STALE$/) !== undefined
}

/** What matches in a header; several lines of one name are tried one by one. */
export function headerOf({ headers }: Answer, name: string, part: RegExp): string | undefined {
  for (const line of headers) {
    const match = line.startsWith(`${name}: `) && part.exec(line.slice(name.length + 2))
    if (match) return match[0]
  }
  return undefined
}
