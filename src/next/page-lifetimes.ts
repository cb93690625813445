import { createHash } from 'node:crypto'
import type { NextPackage } from './load.js'
import { readManifest } from './manifest.js'

/** When a page of Next's cache is to be renewed, in ms since 1970. */
export interface PageLifetime {
  fresh: number
  usable: number
}

/** What Next knows of the lifetimes of the pages in its cache. */
export interface PageLifetimes {
  /** The path in a key of Next's, `undefined` in one of another form. */
  pathOf(key: string): string | undefined
  /**
   * As next/dist/server/lib/incremental-cache/index.js has it: from the entry, from the last render in
   * this process, or from the build.
   * @param cacheControl of the entry
   * @param lastModified of the entry, in ms since 1970
   */
  of(
    key: string,
    cacheControl: unknown,
    lastModified: number,
    tags: readonly string[]
  ): PageLifetime | undefined
}

interface CacheControl {
  revalidate?: unknown
  expire?: unknown
}

interface Prerendered {
  srcRoute?: string | null
  dataRoute?: string | null
  initialRevalidateSeconds?: unknown
  initialExpireSeconds?: unknown
}

const INCREMENTAL_CACHE = 'next/dist/server/lib/incremental-cache'
const NEVER = Number.POSITIVE_INFINITY

/** `undefined` where this version of Next has them elsewhere. */
export function pageLifetimes(next: NextPackage, distDir: string): PageLifetimes | undefined {
  try {
    const { routes } = readManifest<{ routes: Record<string, Prerendered> }>(
      distDir,
      'prerender-manifest.json'
    )
    assertKeysAreKnown(next)
    const owners = sourceRoutes(distDir)
    const remembered = storeOf(next, 'shared-cache-controls', 'SharedCacheControls.cacheControls')
    const revalidations = storeOf(next, 'tags-manifest', 'tagsManifest')

    const ofBuild = (key: string): CacheControl | undefined => {
      const { kind, owner, path } = partsOf(key) ?? {}
      const page = path !== undefined && Object.hasOwn(routes, path) ? routes[path] : undefined
      if (page === undefined || kindOf(page) !== kind) return undefined
      if (owners.get(`${kind}/${owner}`) !== (page.srcRoute ?? path)) return undefined
      return { revalidate: page.initialRevalidateSeconds, expire: page.initialExpireSeconds }
    }
    const deadlineOf = (tag: string, lastModified: number): number => {
      const { expired } = Object(revalidations.get(tag)) as { expired?: unknown }
      return typeof expired === 'number' && expired > lastModified ? expired : NEVER
    }
    return {
      pathOf: key => partsOf(key)?.path,
      of(key, cacheControl, lastModified, tags) {
        const lifetime = cacheControl ?? remembered.get(key) ?? ofBuild(key)
        const { revalidate, expire } = Object(lifetime) as CacheControl
        const end = endOf(expire, lastModified)
        const renewal = revalidate === false ? NEVER : endOf(revalidate, lastModified)
        if (revalidate === undefined || end === undefined || renewal === undefined) return undefined
        // Next expires tags again then, without a call.
        const usable = Math.min(end, ...tags.map(tag => deadlineOf(tag, lastModified)))
        return { fresh: Math.min(renewal, usable), usable }
      }
    }
  } catch {
    return undefined
  }
}

function endOf(seconds: unknown, from: number): number | undefined {
  if (seconds === undefined) return NEVER
  return typeof seconds === 'number' ? from + seconds * 1000 : undefined
}

/** @throws what `require` does, or a TypeError */
function assertKeysAreKnown(next: NextPackage): void {
  const { getRouteCacheKey } = Object(next.load('next/dist/server/lib/route-cache-key'))
  const key: unknown = getRouteCacheKey('/', { kind: 'APP_PAGE', sourceRoute: '/page' })
  if (partsOf(String(key))?.path !== '/') throw new TypeError(`An unknown key: ${key}`)
}

/** next/dist/server/lib/route-cache-key.js, with the path as normalize-page-path.js writes it. */
function partsOf(key: string): { kind: string; owner: string; path: string } | undefined {
  const [, kind, owner, page] =
    /^\/route-cache\/([A-Z_]+)\/([\da-f]{64})\/\$(\/.*)$/s.exec(key) ?? []
  if (kind === undefined || owner === undefined || page === undefined) return undefined
  if (page.includes('[')) return undefined
  const path = page === '/index' ? '/' : page.replace(/^\/index(?=\/)/, '')
  return { kind, owner, path }
}

function kindOf({ dataRoute }: Prerendered): string | undefined {
  if (dataRoute === null || dataRoute === undefined) return 'APP_ROUTE'
  return dataRoute.endsWith('.json') ? 'PAGES' : 'APP_PAGE'
}

type Manifest = Record<string, unknown>

/** The routes of the app, by kind and by what a key has of them. */
function sourceRoutes(distDir: string): ReadonlyMap<string, string> {
  const pages = readManifest<Manifest>(distDir, 'server/pages-manifest.json')
  const routes = new Map<string, string>()
  const add = (kind: string, name: string, route: string) =>
    routes.set(`${kind}/${createHash('sha256').update(name).digest('hex')}`, route)
  for (const page of Object.keys(pages)) add('PAGES', page, page)
  for (const [page, route] of Object.entries(appRoutes(distDir))) {
    add(page.endsWith('/route') ? 'APP_ROUTE' : 'APP_PAGE', page, String(route))
  }
  return routes
}

/** There is no such file without the App Router. */
function appRoutes(distDir: string): Manifest {
  try {
    return readManifest(distDir, 'app-path-routes-manifest.json')
  } catch {
    return {}
  }
}

/** @throws TypeError */
function storeOf(next: NextPackage, file: string, name: string): { get(key: string): unknown } {
  const exported: unknown = next.load(`${INCREMENTAL_CACHE}/${file}.external.js`)
  const store = name.split('.').reduce((value, part) => Object(value)[part], exported)
  if (typeof Object(store).get !== 'function') throw new TypeError(`There is no ${name}`)
  return store as { get(key: string): unknown }
}
