import { fileURLToPath } from 'node:url'
import type { FastifyBaseLogger } from 'fastify'
import { FST_NEXT_INVALID_OPTION, FST_NEXT_SHARED_CACHE_UNSUPPORTED } from '../errors.js'
import { buildKey } from '../shared-cache/build-key.js'
import { loadPackages } from '../shared-cache/packages.js'
import { SharedCache } from '../shared-cache/shared-cache.js'
import type { AppState } from './app-state.js'
import { cacheGuard } from './cache-faults.js'
import type { CacheReplacement } from './cache-handler.js'
import type { LoadedConfig } from './config.js'
import type * as Guarded from './guarded-cache-handler.js'
import type { CacheHandler } from './page-cache.js'
import type { PageObservation } from './page-observation.js'
import type * as SharedData from './shared-data-cache-handler.js'

/** The same names beside this file and in the package. */
const PAGES = new URL('./guarded-cache-handler.js', import.meta.url)
const DATA = new URL('./shared-data-cache-handler.js', import.meta.url)

export interface SharedCacheParts {
  readonly url: string
  readonly config: LoadedConfig | undefined
  readonly distDir: string
  readonly state: AppState
  readonly pages: PageObservation | undefined
  readonly log: FastifyBaseLogger
  readonly version: string
}

/**
 * Has Next keep in Redis what it caches, in production.
 * @throws FST_NEXT_SHARED_CACHE_UNSUPPORTED
 * @throws FST_NEXT_SHARED_CACHE_NOT_INSTALLED
 * @throws FST_NEXT_INVALID_OPTION
 */
export async function sharedCacheHandlers(parts: SharedCacheParts): Promise<CacheReplacement> {
  const { url, config, distDir, state, pages, log, version } = parts
  if (config === undefined) throw new FST_NEXT_SHARED_CACHE_UNSUPPORTED(version)
  assertNoneOfItsOwn(config)
  const packages = await loadPackages()
  const build = buildKey(distDir)
  const listeners = pages?.observers ?? []
  const cache = new SharedCache({ packages, url, build, log, listeners })
  const guard = cacheGuard(log)
  let forget = (): void => {}
  return {
    async replace() {
      const { creators }: typeof Guarded = await import(PAGES.href)
      const { finders }: typeof SharedData = await import(DATA.href)
      // What has lost its async context, say to a pool of connections, is of the only app there is.
      const isOurs = () => state.isRunning() || creators.size === 1
      const create: Guarded.CreateCacheHandler = () => {
        if (!isOurs()) return undefined
        const handler = guard(() => cache as never) as unknown as CacheHandler
        return pages?.observe?.(handler) ?? handler
      }
      const find = () => (state.isRunning() || finders.size === 1 ? cache.data : undefined)
      creators.add(create)
      finders.add(find)
      forget = () => {
        creators.delete(create)
        finders.delete(find)
      }
      config.change('cacheHandler', fileURLToPath(PAGES))
      const path = fileURLToPath(DATA)
      config.change('cacheHandlers', {
        ...config.values.cacheHandlers,
        default: path,
        remote: path
      })
    },
    load: () => cache.open(),
    isIsolated: () => !cache.isShared,
    close() {
      forget()
      cache.close()
    }
  }
}

/** @throws FST_NEXT_INVALID_OPTION */
function assertNoneOfItsOwn({ values }: LoadedConfig): void {
  const { cacheHandler, cacheHandlers = {} } = values
  if (cacheHandler || cacheHandlers.default || cacheHandlers.remote) {
    throw new FST_NEXT_INVALID_OPTION(
      'sharedCache',
      'takes the place of "cacheHandler" and "cacheHandlers": remove them from next.config'
    )
  }
}
