import { FST_NEXT_INVALID_QUERY } from '../errors.js'

type Value = string | number | boolean

/** The search parameters of a page; a list gives one parameter per value. */
export type PageQuery = Readonly<Record<string, Value | readonly Value[] | undefined>>

/** A checksum of other headers, without which Next sends its client to the page's own URL. */
export const RSC_CHECKSUM = '_rsc'

/** The search string of a URL, from its question mark on. */
export function searchOf(url: string): string {
  const start = url.indexOf('?')
  return start === -1 ? '' : url.slice(start)
}

/**
 * The search string of a page.
 * @param own that of the client's request, which is the default
 * @throws FST_NEXT_INVALID_QUERY
 */
export function pageSearch(query: PageQuery | undefined, own: string): string {
  if (query === undefined) return own
  // Fastify's own query has a prototype, of its parser.
  if (Object(query) !== query || Array.isArray(query)) throw new FST_NEXT_INVALID_QUERY()
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined) continue
    for (const each of [value].flat()) {
      if (!isSearchValue(each)) throw new FST_NEXT_INVALID_QUERY()
      search.append(name, String(each))
    }
  }
  const checksum = new URLSearchParams(own).get(RSC_CHECKSUM)
  if (checksum !== null && !search.has(RSC_CHECKSUM)) search.append(RSC_CHECKSUM, checksum)
  return search.size === 0 ? '' : `?${search}`
}

function isSearchValue(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
}
