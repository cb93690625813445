import { runningNext } from './app-state.js'
import type { NextPackage } from './load.js'
import { type CacheHandler, findDefaultHandler, type PageObserver } from './page-cache.js'

/** An app whose cache handlers are created here. */
export interface CachingApp {
  /** Who is told what happens to its pages. */
  readonly observers: ReadonlySet<PageObserver>
  /** Whether it is a call of this app that runs. */
  isRunning(): boolean
  /** Creates the cache handler of a request, of which these are told. */
  create(context: unknown, observers: ReadonlySet<PageObserver>): CacheHandler
}

/**
 * Where a platform gives Next a cache handler, which Next takes in the place of its own and under the
 * same conditions: next/dist/server/lib/incremental-cache/index.js. A `cacheHandler` of the config it
 * would import anew for each request, some of them three times.
 */
const HANDLERS = Symbol.for('@next/cache-handlers')
const registry = globalThis as { [HANDLERS]?: Record<string, unknown> | undefined }
const apps = new Set<CachingApp>()
let restore = (): void => {}

/** Next has none for a proxy, which it tells nothing of its files. */
export const NO_CACHE: CacheHandler = {
  get: async () => null,
  set: async () => {},
  revalidateTag: async () => {}
}

/** Whether Next is given a cache handler by somebody else. */
export function hasOtherGlobalHandler(): boolean {
  const handler = registry[HANDLERS]?.FetchCache
  return Boolean(handler) && handler !== GlobalCacheHandler
}

/** Has Next create an app's cache handlers here, until what is returned is called. */
export function addCachingApp(app: CachingApp): () => void {
  if (apps.size === 0) restore = install()
  apps.add(app)
  return () => {
    if (apps.delete(app) && apps.size === 0) restore()
  }
}

/** Next creates one for each request. */
function GlobalCacheHandler(context: unknown): CacheHandler {
  const { fs, serverDistDir } = Object(context)
  if (!fs || !serverDistDir) return NO_CACHE
  for (const app of apps) if (app.isRunning()) return app.create(context, app.observers)
  const next = runningNext()
  if (next) return createUnobserved(next, context)
  // It has lost its async context, say to a pool of connections: it may be of any app.
  const [first] = apps
  const all = new Set([...apps].flatMap(app => [...app.observers]))
  return first?.create(context, all) ?? NO_CACHE
}

function createUnobserved(next: NextPackage, context: unknown): CacheHandler {
  const Handler = findDefaultHandler(next)
  return Handler ? new Handler(context) : NO_CACHE
}

function install(): () => void {
  const before = registry[HANDLERS]
  const handlers = { ...before, FetchCache: GlobalCacheHandler }
  registry[HANDLERS] = handlers
  return () => {
    if (registry[HANDLERS] !== handlers) return
    if (before) registry[HANDLERS] = before
    else delete registry[HANDLERS]
  }
}
