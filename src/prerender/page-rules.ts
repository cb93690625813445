import { automaticPages } from '../next/automatic-pages.js'
import { ruleMatcher } from '../next/route-rules.js'
import type { NextServer } from '../next/server.js'

/** What the app says of its paths, and of those who ask. */
export interface PageRules {
  /** Whether what is answered there may depend on more than the path. */
  isConcerned(path: string): boolean
  /** Whether a page is there that never changes. */
  isAutomatic(path: string): boolean
  /** Whether headers of the app may say something of the body there, which Next leaves where it has none. */
  isDescribed(path: string): boolean
  /** The page that a path is of, decoded, without basePath: `/a` of `/_next/data/<build>/a.json`. */
  pageOf(path: string): string | undefined
  /** Whether a client gets pages that are rendered for it. */
  readonly isHtmlLimited: ((userAgent: string | undefined) => boolean) | undefined
}

const DATA = /^\/_next\/data\/[^/]+(\/.*)\.json$/

export function pageRules({ distDir, basePath, trailingSlash, pages }: NextServer): PageRules {
  const matches = ruleMatcher(distDir, 'page')
  const isRewritten = ruleMatcher(distDir, 'rewrite')
  const isDescribed = ruleMatcher(distDir, 'description')
  const automatic = automaticPages(distDir)

  const withoutBasePath = (path: string): string | undefined => {
    if (basePath === '') return path
    if (path === basePath) return '/'
    return path.startsWith(`${basePath}/`) ? path.slice(basePath.length) : undefined
  }
  /** As it is written. */
  const pageAt = (path: string): string | undefined => {
    const own = withoutBasePath(path)
    if (own === undefined) return undefined
    const [, ofData] = DATA.exec(own) ?? []
    if (ofData !== undefined) return ofData === '/index' ? '/' : ofData
    return own.length > 1 && own.endsWith('/') ? own.slice(0, -1) : own
  }
  return {
    isConcerned(path) {
      const page = pageAt(path)
      if (page === undefined) return true
      const slash = trailingSlash && page !== '/' ? '/' : ''
      return matches(path) || matches(`${basePath}${page}${slash}`) || matches(basePath + page)
    },
    isDescribed,
    isAutomatic(path) {
      const own = withoutBasePath(path)
      if (own === undefined || DATA.test(own) || isRewritten(path)) return false
      return automatic.has(pageAt(path) ?? '')
    },
    pageOf(path) {
      try {
        return decodeURIComponent(pageAt(path) ?? '')
      } catch {
        return undefined
      }
    },
    isHtmlLimited: pages?.isHtmlLimited
  }
}
