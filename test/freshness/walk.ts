import { differencesOf } from '../same-answers/differences.js'
import type { Answer, Request } from '../same-answers/exchange.js'
import { multipart } from '../same-answers/variants.js'
import { headerOf, isStale, type Pair } from './pair.js'
import type { Random } from './random.js'
import { HEADERS, NOT_AT_ONCE, PAGES, PLAIN, RENEWALS, renewalsOf, WAITS } from './steps.js'

const SHOWN = 14
const AT_ONCE = PAGES.filter(path => !NOT_AT_ONCE.includes(path))
/** Between what changes a page and what is asked for before and after. */
const TICK = 10

/** Steps that two servers take together, and what is to be the same after each. */
export class Walk {
  readonly #pair: Pair
  readonly #random: Random
  readonly #actions: readonly string[]
  readonly #history: string[] = []
  #path = '/path'
  #fromMemory = 0

  /** @param actions the ids of the Server Actions of `/act` */
  constructor(pair: Pair, random: Random, actions: readonly string[]) {
    this.#pair = pair
    this.#random = random
    this.#actions = actions
  }

  /** How many coded answers the second server has surely had in memory: Next sends those in chunks. */
  get fromMemory(): number {
    return this.#fromMemory
  }

  get history(): string {
    return this.#history.slice(-SHOWN).join('\n')
  }

  /** Resolves to what differs. */
  async step(): Promise<string[]> {
    const random = this.#random
    const kind = random.below(20)
    if (kind < 2) return this.#wait(random.pick(WAITS))
    if (kind < 4) {
      const renewals = random.isOneOf(2) ? RENEWALS : renewalsOf(this.#path)
      return this.#renew({ method: 'GET', path: random.pick(renewals) })
    }
    if (kind === 4 && random.isOneOf(2)) return this.#renew(this.#action())
    if (kind === 4) return this.#leave(random.pick(AT_ONCE), random.isOneOf(2))
    if (kind === 5 && random.isOneOf(2)) return this.#atOnce(random.pick(AT_ONCE))
    const method = random.isOneOf(8) ? 'HEAD' : 'GET'
    // What is asked for again and again is what comes from memory.
    if (random.isOneOf(4)) this.#path = random.pick(PAGES)
    const headers = random.pick(random.isOneOf(2) ? PLAIN : HEADERS)
    return this.compare({ method, path: this.#path, headers })
  }

  /** One request to both. */
  async compare(request: Request): Promise<string[]> {
    this.#note(`${request.method} ${request.path} ${JSON.stringify(request.headers ?? {})}`)
    const [next, plugin] = await this.#pair.send(request)
    if (isFromMemory(plugin)) this.#fromMemory++
    const lines = differencesOf(request, next, await this.#withoutLength(request, next, plugin))
    if (next.error !== undefined) lines.push(`no answer: ${next.error}`)
    const isRenewed = [next, plugin].some(isStale) && !isPrefetch(request)
    lines.push(...(await this.#settle(isRenewed ? request.path : undefined)))
    const path = headerOf(next, 'location', /.*_rsc=.*/)
    if (lines.length > 0 || path === undefined) return lines
    return this.compare({ ...request, path })
  }

  /** Next does not say how long a streamed answer to GET would be; what is kept has a length. */
  async #withoutLength(request: Request, next: Answer, plugin: Answer): Promise<Answer> {
    if (request.method !== 'HEAD' || next.length !== undefined) return plugin
    const [{ bytes }] = await this.#pair.send({ ...request, method: 'GET' })
    return plugin.length === String(bytes) ? { ...plugin, length: undefined } : plugin
  }

  async #wait(ms: number): Promise<string[]> {
    this.#note(`wait ${ms}`)
    await this.#pair.wait(ms)
    return []
  }

  async #renew(request: Request): Promise<string[]> {
    await this.#pair.wait(TICK)
    const lines = await this.compare(request)
    await this.#pair.wait(TICK)
    return lines
  }

  #action(): Request {
    const { body = '', headers } = multipart({
      [`$ACTION_ID_${this.#random.pick(this.#actions)}`]: ''
    })
    return { method: 'POST', path: '/act', headers, body }
  }

  async #leave(path: string, isSent: boolean): Promise<string[]> {
    this.#note(`leave ${path}, ${isSent ? 'sent' : 'answered in part'}`)
    await this.#pair.leave(path, isSent)
    // Whether a server hears of who leaves at once is for the sockets to say.
    if (isSent) await this.#pair.send({ method: 'GET', path })
    return this.#settle(path)
  }

  async #atOnce(path: string): Promise<string[]> {
    const count = 2 + this.#random.below(5)
    this.#note(`${count} times GET ${path}`)
    const pairs = await Promise.all(
      Array.from({ length: count }, () => this.#pair.send({ method: 'GET', path }))
    )
    const lines = await this.#settle(path)
    const [, ...others] = new Set(pairs.flat().map(({ error, status }) => error ?? status))
    return [...lines, ...others.map(status => `among others: ${status}`)]
  }

  /** @param path of a page that is to be renewed */
  async #settle(path?: string): Promise<string[]> {
    const stale: readonly boolean[] = path === undefined ? [] : await this.#pair.renewed(path)
    const [next, plugin] = await this.#pair.rendered()
    return [
      ...(stale.includes(true) ? [`is not renewed: ${stale.join(' | ')}`] : []),
      ...(next === plugin ? [] : [`- rendered: ${next}`, `+ rendered: ${plugin}`])
    ]
  }

  #note(text: string): void {
    this.#history.push(text)
    if (this.#history.length > SHOWN) this.#history.shift()
  }
}

/** Whether it is coded and has a length. */
export function isFromMemory(answer: Answer): boolean {
  return answer.length !== undefined && headerOf(answer, 'content-encoding', /^gzip$/) !== undefined
}

/** For those Next renews nothing. */
function isPrefetch({ headers = {} }: Request): boolean {
  return headers.Purpose !== undefined || headers['Next-Router-Prefetch'] !== undefined
}
