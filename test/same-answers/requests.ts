import { count } from '../helpers/lane.js'
import type { Request } from './exchange.js'
import {
  BODIES,
  HEADERS,
  type Headers,
  headersOfKnown,
  type Known,
  METHODS,
  QUERIES
} from './variants.js'

/** Each route has a part of the variants, and another one than the next route. */
const PART_OF_GET = count(16, 1)
const PART_OF_OTHERS = count(128, 1)
const PART_OF_BODIES = count(10, 1)

/** Every route with every method and every variant of a request. */
export function* requestsOf(
  routes: readonly string[],
  known: Known,
  own: readonly Headers[] = []
): Generator<Request> {
  for (const [index, path] of routes.entries()) {
    const part = <T>(list: readonly T[], of: number): T[] =>
      list.filter((_, position) => (position + index) % of === 0)
    const sets = [...HEADERS, ...own, ...headersOfKnown(known, path)]
    for (const method of METHODS) {
      yield { method, path }
      for (const headers of part(sets, method === 'GET' ? PART_OF_GET : PART_OF_OTHERS)) {
        yield { method, path, headers }
      }
      if (method === 'GET' || method === 'HEAD') continue
      for (const { headers, body = '' } of part(BODIES, PART_OF_BODIES))
        yield { method, path, headers, body }
    }
    for (const query of part(QUERIES, PART_OF_GET)) yield { method: 'GET', path: path + query }
  }
}

const CHANGES: readonly ((path: string) => string)[] = [
  path => `${path}/`,
  path => `/${path}`,
  path => path.toUpperCase(),
  path => `${path}.rsc`,
  path => `${path}.html`,
  path => `${path}.segments/_tree.segment.rsc`,
  path => `${path}/nowhere`,
  path => `${path};x=1`,
  path => `${path}%00`,
  path => `${path}%2f..`,
  path => `${path}/../x`,
  path => path.replace(/\/(.)/, '//$1'),
  path => path.replace(/\/(.)/, '/%5c$1'),
  path => path.replace(/\/(.)/, '/\\$1'),
  path => path.replace(/\w/, char => `%${char.charCodeAt(0).toString(16)}`),
  path => path.replace(/%/g, '%25'),
  path => `/_next/data/same${path}.json`,
  path => `/_next/image?w=64&q=75&url=${encodeURIComponent(path)}`,
  path => path.slice(0, -1) || '/',
  path => `/en${path}`
]

/** Requests by chance, the same ones for a seed. */
export function* generated(
  total: number,
  seed: number,
  routes: readonly string[],
  known: Known,
  own: readonly Headers[] = []
): Generator<Request> {
  const random = randomFrom(seed)
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T
  for (let index = 0; index < total; index++) {
    const route = pick(routes)
    const sets = [...HEADERS, ...own, ...headersOfKnown(known, route)]
    const headers: Record<string, string | readonly string[]> = {}
    for (let left = Math.floor(random() * 4); left > 0; left--) Object.assign(headers, pick(sets))
    let path = random() < 0.4 ? pick(CHANGES)(route) : route
    if (random() < 0.3 && !path.includes('?')) path += pick(QUERIES)
    const method = random() < 0.5 ? 'GET' : pick(METHODS)
    const hasBody = method !== 'GET' && method !== 'HEAD' && random() < 0.7
    if (!hasBody) yield { method, path, headers }
    else {
      const { headers: ofBody, body = '' } = pick(BODIES)
      yield { method, path, headers: { ...headers, ...ofBody }, body }
    }
  }
}

/** Mulberry32: numbers from 0 to 1 that look like chance. */
function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
