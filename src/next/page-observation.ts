import type { FastifyBaseLogger } from 'fastify'
import type { AppState } from './app-state.js'
import { type CacheReplacement, replaceCacheHandler } from './cache-handler.js'
import type { LoadedConfig } from './config.js'
import { freshnessOf, type IsFresh } from './freshness.js'
import { htmlLimitedBots } from './html-limited-bots.js'
import type { NextPackage } from './load.js'
import { watchOnDemandRevalidation } from './on-demand-revalidation.js'
import { findDefaultHandler, ObservedCacheHandler, type PageObserver } from './page-cache.js'
import { pageLifetimes } from './page-lifetimes.js'

/** How the changes of an app's prerendered pages are seen. */
export interface PageObservation {
  /** Those who are told. */
  readonly observers: Set<PageObserver>
  /** Why not all changes are seen; `undefined` once the app is prepared and they are. */
  readonly problem: string | undefined
  /** Whether the build has made the page of a path. */
  isPrerendered?(path: string): boolean
  /** Whether a client gets pages that are rendered for it, where there are such. */
  readonly isHtmlLimited?: ((userAgent: string | undefined) => boolean) | undefined
  /** Decides about conditional requests for pages as Next does, where that is known. */
  readonly isFresh?: IsFresh | undefined
  /** What Next's cache is to be replaced with for it. */
  readonly cacheHandler?: CacheReplacement
}

const UNKNOWN = 'this version of Next.js has its cache elsewhere'

/** Has an app's cache observed in production, or says why it can't be. */
export async function observePages(
  next: NextPackage,
  { dir, distDir }: { dir: string; distDir: string },
  config: LoadedConfig | undefined,
  state: AppState,
  log: FastifyBaseLogger
): Promise<PageObservation> {
  const observers = new Set<PageObserver>()
  const reason = reasonAgainst(config)
  if (config === undefined || reason !== undefined) {
    return { observers, problem: reason ?? UNKNOWN }
  }
  const Handler = findDefaultHandler(next)
  const lifetimes = await pageLifetimes(next, distDir)
  if (Handler === undefined || lifetimes === undefined) return { observers, problem: UNKNOWN }

  const all = toldTogether(observers)
  const create = (context: unknown) =>
    new ObservedCacheHandler(new Handler(context), all, lifetimes)
  const replacement = replaceCacheHandler(config, state, log, create)
  let stop: (() => void) | undefined
  return {
    observers,
    get problem() {
      if (stop) return undefined
      return replacement.isUsed ? UNKNOWN : 'fastify-next is in a bundle'
    },
    isPrerendered: lifetimes.has,
    isHtmlLimited: config.values.cacheComponents
      ? htmlLimitedBots(next, config.values.htmlLimitedBots)
      : undefined,
    // Without entity tags of its own it looks at no condition: next/dist/server/send-payload.js.
    isFresh: config.values.generateEtags === false ? undefined : freshnessOf(next),
    cacheHandler: {
      replace: () => replacement.replace(),
      async load() {
        if (replacement.isUsed) stop = watchOnDemandRevalidation(dir, all.unknown)
      },
      close() {
        stop?.()
        replacement.close()
      }
    }
  }
}

/** What an app is set up with that decides about its pages elsewhere. */
function reasonAgainst(config: LoadedConfig | undefined): string | undefined {
  if (config === undefined) return UNKNOWN
  const { cacheHandler, cacheHandlers = {}, cacheMaxMemorySize, i18n, images } = config.values
  // Another process may change what they hold.
  if (cacheHandler || Object.values(cacheHandlers).some(Boolean) || hasGlobalHandler()) {
    return 'the app has a cache handler of its own'
  }
  if (images?.customCacheHandler) return 'images.customCacheHandler is for another handler'
  if (cacheMaxMemorySize === 0) return 'cacheMaxMemorySize is 0'
  if (i18n) return 'its locales depend on the request'
  return undefined
}

/** Of a platform: next/dist/server/lib/incremental-cache/index.js. */
function hasGlobalHandler(): boolean {
  const handlers: unknown = Reflect.get(globalThis, Symbol.for('@next/cache-handlers'))
  return Boolean(Object(handlers).FetchCache)
}

function toldTogether(observers: ReadonlySet<PageObserver>): PageObserver {
  const tell = (call: (observer: PageObserver) => void): void => {
    for (const observer of observers) call(observer)
  }
  return {
    lookUp() {
      const calls = Array.from(observers, observer => observer.lookUp())
      return entry => {
        for (const found of calls) found(entry)
      }
    },
    changed: key => tell(observer => observer.changed(key)),
    unknown: () => tell(observer => observer.unknown()),
    revalidated: tags => tell(observer => observer.revalidated(tags))
  }
}
