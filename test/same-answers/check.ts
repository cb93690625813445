import type { Test } from 'tap'
import { ALLOWED, type Allowance } from './allowed.js'
import { differencesOf } from './differences.js'
import { type Answer, type Request, send } from './exchange.js'
import type { Servers } from './servers.js'

const SHOWN = 12

interface Difference {
  request: Request
  lines: string[]
  count: number
}

/** Sends requests to both servers, and compares the answers. */
export class Check {
  readonly #servers: Servers
  readonly #allowances: readonly Allowance[]
  readonly #found = new Map<string, Difference>()
  readonly #allowed = new Map<string, number>()
  #count = 0

  constructor(servers: Servers, allowances: readonly Allowance[] = []) {
    this.#servers = servers
    this.#allowances = [...ALLOWED, ...allowances]
  }

  /** One request to both at the same time. Resolves to the answer of `next start`. */
  async request(request: Request): Promise<Answer> {
    const [next, plugin] = await Promise.all([
      send(this.#servers.next, request),
      send(this.#servers.plugin, request)
    ])
    this.note(request, next, plugin)
    const location = next.headers.find(line => line.startsWith('location: '))?.slice(10)
    // Next sends the client on to the URL that has the hash of these headers.
    if (!location?.startsWith('/') || !location.includes('_rsc=')) return next
    return request.path.includes('_rsc=') ? next : this.request({ ...request, path: location })
  }

  /** One after the other: what one renews, the next one is answered with. */
  async all(requests: Iterable<Request>): Promise<void> {
    for (const request of requests) await this.request(request)
  }

  note(request: Request, next: Answer, plugin: Answer): void {
    this.#count++
    const lines = differencesOf(request, next, plugin)
    if (lines.length === 0) return
    const reason = this.#allowances.find(({ applies }) => applies(request, next, plugin))?.reason
    if (reason !== undefined) {
      this.#allowed.set(reason, (this.#allowed.get(reason) ?? 0) + 1)
      return
    }
    // Those of one cause tend to differ in the same lines.
    const head = lines.filter(line => !/^. body|^length/.test(line)).join('\n')
    const key = head || `${request.method} ${request.path.split('?', 1)[0]}`
    const difference = this.#found.get(key)
    if (difference) difference.count++
    else this.#found.set(key, { request, lines, count: 1 })
  }

  report(t: Test, name: string): void {
    t.comment(`${name}: ${this.#count} requests`)
    for (const [reason, count] of this.#allowed) t.comment(`allowed, ${count} times: ${reason}`)
    const found = [...this.#found.values()]
    t.strictSame(found.slice(0, SHOWN).map(shown), [], `${name}: the same answers`)
    if (found.length > SHOWN) t.comment(`and ${found.length - SHOWN} more`)
  }
}

function shown({ request, lines, count }: Difference): string {
  const { method, path, headers = {}, body } = request
  const head = Object.entries(headers).map(([name, value]) => `    ${name}: ${value}`)
  if (body !== undefined) head.push(`    ${JSON.stringify(body.slice(0, 200))}`)
  return [`${method} ${path} (${count} like this)`, ...head, ...lines.map(l => `  ${l}`)].join('\n')
}
