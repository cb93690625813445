import { FST_NEXT_INVALID_PATH, FST_NEXT_INVALID_QUERY } from '../errors.js'
import { isPlainObject } from '../plain-object.js'

type Value = string | number | boolean

/** The search parameters of a page; a list gives one parameter per value. */
export type PageQuery = Readonly<Record<string, Value | readonly Value[] | undefined>>

/** What of an app's config is in the URLs of its pages. */
export interface UrlConfig {
  readonly basePath: string
  readonly trailingSlash: boolean
}

/** They could lead to another page than the handler has named: `/posts/${slug}`. */
const LEAVES_ITS_PLACE = /(?:^|[/\\])(?:\.|%2e){1,2}(?:[/\\]|$)/i
// biome-ignore lint/suspicious/noControlCharactersInRegex: URL parsers drop some of them.
const CONTROL_CHARACTER = /[\0-\x1f\x7f]/
/** No slash follows these even with `trailingSlash`: next/dist/lib/load-custom-routes.js. */
const IS_FILE = /\.[^/]*$/

/**
 * The path under which Next knows a page.
 * @param path without the basePath
 * @throws FST_NEXT_INVALID_PATH
 */
export function pagePath(path: unknown, { basePath, trailingSlash }: UrlConfig): string {
  if (
    typeof path !== 'string' ||
    !path.startsWith('/') ||
    CONTROL_CHARACTER.test(path) ||
    LEAVES_ITS_PLACE.test(path)
  ) {
    throw new FST_NEXT_INVALID_PATH()
  }
  const url = new URL('http://localhost')
  // Unlike in a whole URL, `?` and `#` are encoded here.
  url.pathname = path.replace(/\/{2,}/g, '/')
  const trimmed = url.pathname.replace(/\/$/, '')
  const hasSlash = trailingSlash && !IS_FILE.test(trimmed)
  return `${basePath}${trimmed}${hasSlash ? '/' : ''}` || '/'
}

/**
 * The search string of a page.
 * @param query by default the one of the client's request
 * @throws FST_NEXT_INVALID_QUERY
 */
export function pageSearch(query: PageQuery | undefined, requestUrl: string): string {
  const start = requestUrl.indexOf('?')
  const own = start === -1 ? '' : requestUrl.slice(start)
  if (query === undefined) return own
  if (!isPlainObject(query)) throw new FST_NEXT_INVALID_QUERY()
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined) continue
    for (const each of [value].flat()) {
      if (!isSearchValue(each)) throw new FST_NEXT_INVALID_QUERY()
      search.append(name, String(each))
    }
  }
  // Next's client sends it with the headers that it is a checksum of.
  const checksum = new URLSearchParams(own).get('_rsc')
  if (checksum !== null && !search.has('_rsc')) search.append('_rsc', checksum)
  return search.size === 0 ? '' : `?${search}`
}

function isSearchValue(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
}
