import { join } from 'node:path'
import type { AppState } from './app-state.js'
import type { LoadedConfig } from './config.js'
import { freshnessOf, type IsFresh } from './freshness.js'
import {
  addCachingApp,
  type CachingApp,
  hasOtherGlobalHandler,
  isObserved
} from './global-cache-handler.js'
import { htmlLimitedBots } from './html-limited-bots.js'
import type { NextPackage } from './load.js'
import {
  type CacheHandler,
  findDefaultHandler,
  ObservedCacheHandler,
  type PageObserver
} from './page-cache.js'
import { pageLifetimes } from './page-lifetimes.js'

/** How the changes of an app's prerendered pages are seen. */
export interface PageObservation {
  /** Those who are told. */
  readonly observers: Set<PageObserver>
  /** Why not all changes are seen, if they aren't: it may come to that at any time. */
  readonly problem: string | undefined
  /** Whether a client gets pages that are rendered for it, where there are such. */
  readonly isHtmlLimited?: ((userAgent: string | undefined) => boolean) | undefined
  /** Decides about conditional requests for pages as Next does, where that is known. */
  readonly isFresh?: IsFresh | undefined
  /** A handler that the observers are told of, where Next is given one. */
  observe?(handler: CacheHandler): CacheHandler
  /** Has them seen, until `close()`. Before the app is prepared. */
  open?(): void
  close?(): void
}

const UNKNOWN = 'this version of Next.js has its cache elsewhere'
const OWN_HANDLER = 'the app has a cache handler of its own'

/**
 * Has an app's cache observed in production, or says why it can't be.
 * @param isShared whether Next is given a handler which tells what other processes do
 */
export function observePages(
  next: NextPackage,
  distDir: string,
  config: LoadedConfig | undefined,
  state: AppState,
  isShared: boolean
): PageObservation {
  const observers = new Set<PageObserver>()
  const reason = reasonAgainst(config, isShared)
  if (config === undefined || reason !== undefined) {
    return { observers, problem: reason ?? UNKNOWN }
  }
  const Handler = findDefaultHandler(next)
  const lifetimes = pageLifetimes(next, distDir)
  if (Handler === undefined || lifetimes === undefined) return { observers, problem: UNKNOWN }
  const conditions = {
    isHtmlLimited: config.values.cacheComponents
      ? htmlLimitedBots(next, config.values.htmlLimitedBots)
      : undefined,
    // Without entity tags of its own it looks at no condition: next/dist/server/send-payload.js.
    isFresh: config.values.generateEtags === false ? undefined : freshnessOf(next)
  }
  if (isShared) {
    const observe = (handler: CacheHandler) =>
      new ObservedCacheHandler(handler, observers, lifetimes)
    return { ...conditions, observers, problem: undefined, observe }
  }

  const app: CachingApp = {
    serverDistDir: join(distDir, 'server'),
    observers,
    isRunning: () => state.isRunning(),
    create: context => new ObservedCacheHandler(new Handler(context), observers, lifetimes)
  }
  let isUsed = false
  let close: (() => void) | undefined
  return {
    observers,
    get problem() {
      if (!isUsed) return UNKNOWN
      // The app's own instrumentation may have set another.
      return isObserved(app) ? undefined : OWN_HANDLER
    },
    ...conditions,
    open() {
      close = addCachingApp(app)
      isUsed = usesGlobalHandler(next)
      if (!isUsed) close()
    },
    close: () => close?.()
  }
}

/** What an app is set up with that decides about its pages elsewhere. */
function reasonAgainst(config: LoadedConfig | undefined, isShared: boolean): string | undefined {
  if (config === undefined) return UNKNOWN
  const { cacheHandler, cacheHandlers = {}, cacheMaxMemorySize, i18n, images } = config.values
  // Another process may change what they hold.
  if (cacheHandler || Object.values(cacheHandlers).some(Boolean) || hasOtherGlobalHandler()) {
    return OWN_HANDLER
  }
  if (images?.customCacheHandler) return 'images.customCacheHandler is for another handler'
  if (cacheMaxMemorySize === 0 && !isShared) return 'cacheMaxMemorySize is 0'
  if (i18n) return 'its locales depend on the request'
  return undefined
}

/** Whether Next asks there: next/dist/server/lib/incremental-cache/index.js. */
function usesGlobalHandler(next: NextPackage): boolean {
  try {
    const { IncrementalCache } = next.load('next/dist/server/lib/incremental-cache') as {
      IncrementalCache: new (options: object) => { cacheHandler?: unknown }
    }
    const { cacheHandler } = new IncrementalCache({
      dev: false,
      requestHeaders: {},
      previewProps: {},
      prerenderManifest: { routes: {}, dynamicRoutes: {} }
    })
    return cacheHandler instanceof ObservedCacheHandler
  } catch {
    return false
  }
}
