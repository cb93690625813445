import type { PageEntry } from '../next/page-cache.js'
import { ROUTER_HEADERS } from '../next/router-headers.js'
import type { Headers } from '../response/headers.js'
import type { PageVisit } from './page-visit.js'
import type { Lifetime } from './stored-page.js'

/** Of what lives as long as the build. */
export const FOR_EVER: Lifetime = {
  fresh: Number.POSITIVE_INFINITY,
  usable: Number.POSITIVE_INFINITY
}

/** What answers for pages vary by: the headers of Next's router, and the coding. */
const VARY = new Set([...ROUTER_HEADERS, 'accept-encoding', ''])

/** Which bytes such a header has depends on how Node is given the body. */
const NOT_ASCII = /[^\0-\x7f]/

/** Whether an answer is the same for all, by its head and by what it was asked with. */
export function isForAll(headers: Headers, name: string): boolean {
  const { 'content-encoding': coding, 'set-cookie': cookies, vary = '' } = headers
  if (cookies !== undefined) return false
  if (/\b(?:private|no-store|no-cache)\b/i.test(String(headers['cache-control'] ?? '')))
    return false
  if (NOT_ASCII.test(Object.values(headers).join())) return false
  // Next codes nothing otherwise, and not what is short, or is no text.
  if (coding !== undefined && (coding !== 'gzip' || name.split('\n')[1] !== 'gzip')) return false
  const names = String(vary).split(',')
  return names.every(name => VARY.has(name.trim().toLowerCase()))
}

/** Whether Next has sent a page without a look into its cache. */
export function isWithoutLifetime(headers: Headers): boolean {
  return headers['cache-control'] === undefined && headers['x-nextjs-cache'] === undefined
}

/** The page that Next has found in its cache and sent as it is, and nothing else. */
export function entryOf({ lookups }: PageVisit, headers: Headers): PageEntry | undefined {
  const [lookup, ...others] = lookups
  if (others.length > 0 || headers['x-nextjs-cache'] !== 'HIT') return undefined
  return lookup?.entry?.isPartial ? undefined : lookup?.entry
}
