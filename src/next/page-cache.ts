import type { NextPackage } from './load.js'
import type { PageLifetimes } from './page-lifetimes.js'

/** An entry of Next's cache that was found for a page, as far as it matters. */
export interface PageEntry {
  /** Next's own key. */
  readonly key: string
  /** The path of the page, decoded and without basePath. */
  readonly path: string
  /** Whether a route handler has made it. */
  readonly isRoute: boolean
  /** Whether the rest of it is rendered for each request. */
  readonly isPartial: boolean
  readonly tags: readonly string[]
  /** Until when Next answers with it and does nothing, in ms since 1970. */
  readonly fresh: number
  /** Until when Next answers with it while it renews it, in ms since 1970. */
  readonly usable: number
}

/** Is told what Next's cache does with pages. */
export interface PageObserver {
  /**
   * A page is looked for, in the async context of the request; what is returned is called with what
   * was found, if it has a known lifetime. In between the page may change.
   */
  lookUp(): (entry: PageEntry | undefined) => void
  /** A page is another one, or none. */
  changed(key: string): void
  /** Pages with these tags are out of date. */
  revalidated(tags: readonly string[]): void
  /** Anything may have changed: it could not be heard what other processes do. */
  missed(): void
}

/** The part of Next's interface for `cacheHandler` that is used here. */
export interface CacheHandler {
  get(key: string, context: unknown): Promise<unknown>
  set(key: string, value: unknown, context: unknown): Promise<void>
  revalidateTag(tags: string | string[], durations?: { expire?: number }): Promise<void>
  resetRequestCache?(): void
}

export type CacheHandlerClass = new (context: unknown) => CacheHandler

const PAGES = new Set<unknown>(['APP_PAGE', 'APP_ROUTE', 'PAGES'])
const TAGS = 'x-next-cache-tags'

/** Next's own handler, `undefined` where this version of Next has it elsewhere. */
export function findDefaultHandler(next: Pick<NextPackage, 'load'>): CacheHandlerClass | undefined {
  try {
    const { default: Handler } = next.load(
      'next/dist/server/lib/incremental-cache/file-system-cache'
    ) as { default?: unknown }
    if (typeof Handler !== 'function') return undefined
    const { get, set, revalidateTag } = Handler.prototype as Partial<CacheHandler>
    const isKnown = [get, set, revalidateTag].every(method => typeof method === 'function')
    return isKnown ? (Handler as CacheHandlerClass) : undefined
  } catch {
    return undefined
  }
}

/** Next's own handler with observers in front. */
export class ObservedCacheHandler implements CacheHandler {
  readonly #handler: CacheHandler
  readonly #observers: ReadonlySet<PageObserver>
  readonly #lifetimes: PageLifetimes | undefined

  constructor(
    handler: CacheHandler,
    observers: ReadonlySet<PageObserver>,
    lifetimes?: PageLifetimes
  ) {
    this.#handler = handler
    this.#observers = observers
    this.#lifetimes = lifetimes
  }

  async get(key: string, context: unknown): Promise<unknown> {
    if (!PAGES.has(Object(context).kind)) return this.#handler.get(key, context)
    const tellFound = Array.from(this.#observers, observer => observer.lookUp())
    const entry = await this.#handler.get(key, context)
    const page = this.#lifetimes && pageOf(key, entry, this.#lifetimes)
    for (const tell of tellFound) tell(page)
    return entry
  }

  async set(key: string, value: unknown, context: unknown): Promise<void> {
    if (Object(context).fetchCache) {
      await this.#handler.set(key, value, context)
      return
    }
    for (const observer of this.#observers) observer.changed(key)
    try {
      await this.#handler.set(key, value, context)
    } finally {
      // Whoever has looked in between may have got the one before.
      for (const observer of this.#observers) observer.changed(key)
    }
  }

  async revalidateTag(tags: string | string[], durations?: { expire?: number }): Promise<void> {
    const revalidated = this.#handler.revalidateTag(tags, durations)
    for (const observer of this.#observers) observer.revalidated([tags].flat())
    await revalidated
  }

  resetRequestCache(): void {
    this.#handler.resetRequestCache?.()
  }
}

function pageOf(key: string, found: unknown, lifetimes: PageLifetimes): PageEntry | undefined {
  const { cacheControl, lastModified, value } = Object(found) as Record<string, unknown>
  const { headers, kind, postponed } = Object(value) as {
    headers?: Record<string, unknown>
    kind?: unknown
    postponed?: unknown
  }
  if (!PAGES.has(kind) || typeof lastModified !== 'number' || lastModified <= 0) return undefined
  const path = lifetimes.pathOf(key)
  const text = headers?.[TAGS]
  const tags = typeof text === 'string' && text !== '' ? text.split(',') : []
  const lifetime = lifetimes.of(key, cacheControl, lastModified, tags)
  if (path === undefined || lifetime === undefined) return undefined
  return {
    key,
    path,
    isRoute: kind === 'APP_ROUTE',
    isPartial: postponed !== undefined && postponed !== null,
    tags,
    ...lifetime
  }
}
