import { FST_NEXT_INVALID_PATH, FST_NEXT_PATH_REFUSED } from '../errors.js'

/** What of an app's config is in the paths of its pages. */
export interface PathConfig {
  readonly basePath: string
  readonly trailingSlash: boolean
}

/** They could lead to another page than the handler has named: `/posts/${slug}`. */
const LEAVES_ITS_PLACE = /[/\\](?:\.|%2e){1,2}(?:[/\\]|$)/i
/** URL parsers drop these, and what is left may be a dot segment. */
const DROPPED = /[\t\n\r]/
/** No slash follows these even with `trailingSlash`: next/dist/lib/load-custom-routes.js. */
const IS_FILE = /\.[^/]*$/

/**
 * The path under which Next knows a page.
 * @param path without the basePath
 * @throws FST_NEXT_INVALID_PATH
 * @throws FST_NEXT_PATH_REFUSED
 */
export function pagePath(path: unknown, { basePath, trailingSlash }: PathConfig): string {
  if (typeof path !== 'string' || !path.startsWith('/')) throw new FST_NEXT_INVALID_PATH()
  if (DROPPED.test(path) || LEAVES_ITS_PLACE.test(path)) throw new FST_NEXT_PATH_REFUSED()
  const url = new URL('http://localhost')
  // Unlike in a whole URL, `?` and `#` are encoded here.
  url.pathname = path.replace(/\/{2,}/g, '/')
  const trimmed = url.pathname.replace(/\/$/, '')
  const hasSlash = trailingSlash && !IS_FILE.test(trimmed)
  return `${basePath}${trimmed}${hasSlash ? '/' : ''}` || '/'
}
