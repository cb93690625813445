import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import { isAnyAppRunning } from './app-state.js'
import {
  type CacheHandler,
  type CacheHandlerClass,
  findDefaultHandler,
  ObservedCacheHandler,
  type PageObserver
} from './page-cache.js'

/** An app whose cache is observed. */
export interface CachingApp {
  /** The directory that Next names with each request, absolute. */
  readonly serverDistDir: string
  /** Who is told what happens to its pages. */
  readonly observers: ReadonlySet<PageObserver>
  /** Whether it is a call of this app that runs. */
  isRunning(): boolean
  /** Creates the cache handler of one of its requests. */
  create(context: unknown): CacheHandler
}

interface Handlers {
  FetchCache?: unknown
}

/**
 * Where a platform gives Next a cache handler, which Next takes in the place of its own:
 * next/dist/server/lib/incremental-cache/index.js. A `cacheHandler` of the config it would import anew
 * for each request, for some of them three times.
 */
const HANDLERS = Symbol.for('@next/cache-handlers')
/** Of the handler: a process may have the plugin as a module of both kinds. */
const APPS = Symbol.for('fastify-next.caching-apps')
const registry = globalThis as { [HANDLERS]?: Handlers | undefined }
const apps = new Set<CachingApp>()
const NOBODY: ReadonlySet<PageObserver> = new Set()

function appsOf(handlers: Handlers | undefined): Set<CachingApp> | undefined {
  return Object(handlers?.FetchCache)[APPS]
}

/** Whether Next is given a cache handler by somebody else. */
export function hasOtherGlobalHandler(): boolean {
  const handlers = registry[HANDLERS]
  return Boolean(handlers?.FetchCache) && appsOf(handlers) === undefined
}

export function isObserved(app: CachingApp): boolean {
  return appsOf(registry[HANDLERS])?.has(app) === true
}

/** Has Next create an app's cache handlers here, until what is returned is called. */
export function addCachingApp(app: CachingApp): () => void {
  const all = appsOf(registry[HANDLERS]) ?? install()
  all.add(app)
  return () => {
    if (all.delete(app) && all.size === 0) uninstall(all)
  }
}

function install(): Set<CachingApp> {
  registry[HANDLERS] ??= {}
  registry[HANDLERS].FetchCache = GlobalCacheHandler
  return apps
}

/** What others have set beside it stays. */
function uninstall(all: Set<CachingApp>): void {
  const handlers = registry[HANDLERS]
  if (handlers === undefined || appsOf(handlers) !== all) return
  delete handlers.FetchCache
  if (Reflect.ownKeys(handlers).length === 0) delete registry[HANDLERS]
}

/** Next creates one for each request, whichever copy of Next it is, and whoever serves its app. */
function GlobalCacheHandler(context: unknown): CacheHandler {
  const { fs, serverDistDir } = Object(context)
  const hasFiles = Boolean(fs) && typeof serverDistDir === 'string'
  const app = runningApp() ?? (hasFiles ? appIn(serverDistDir) : undefined)
  if (hasFiles && app) return app.create(context)
  // What has lost its async context, say to a pool of connections, may be of any app.
  const observers = app?.observers ?? (isAnyAppRunning() ? NOBODY : allObservers())
  const Handler = hasFiles ? defaultHandlerFor(serverDistDir) : undefined
  return new ObservedCacheHandler(Handler ? new Handler(context) : NO_CACHE, observers)
}

Object.assign(GlobalCacheHandler, { [APPS]: apps })

/** Next has none for a proxy, which it tells nothing of its files. */
const NO_CACHE: CacheHandler = {
  get: async () => null,
  set: async () => {},
  revalidateTag: async () => {}
}

function runningApp(): CachingApp | undefined {
  for (const app of apps) if (app.isRunning()) return app
  return undefined
}

function appIn(serverDistDir: string): CachingApp | undefined {
  const path = resolve(serverDistDir)
  return [...apps].find(app => app.serverDistDir === path)
}

function allObservers(): ReadonlySet<PageObserver> {
  return new Set([...apps].flatMap(app => [...app.observers]))
}

const defaultHandlers = new Map<string, CacheHandlerClass | undefined>()

/** What Next would use for an app that is not observed: that of its own copy of Next. */
function defaultHandlerFor(serverDistDir: string): CacheHandlerClass | undefined {
  if (!defaultHandlers.has(serverDistDir)) {
    const places = [join(serverDistDir, 'package.json'), import.meta.url].map(createRequire)
    const handlers = places.map(load => findDefaultHandler({ load }))
    defaultHandlers.set(
      serverDistDir,
      handlers.find(handler => handler !== undefined)
    )
  }
  return defaultHandlers.get(serverDistDir)
}
