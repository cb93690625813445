import { resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { FastifyBaseLogger } from 'fastify'
import type { AppState } from './app-state.js'
import { type CacheHandler, cacheGuard } from './cache-faults.js'
import type { LoadedConfig } from './config.js'
import type * as Replacement from './guarded-cache-handler.js'

type CacheHandlerClass = new (context: unknown) => CacheHandler

/** What Next uses in the place of the app's cache handler. */
export interface CacheReplacement {
  /** Has Next use it. Before Next is prepared. */
  replace(): Promise<void>
  /** Loads what it needs. After Next is prepared: the app's instrumentation comes first. */
  load(): Promise<void>
  /** Whether it can't be heard what other processes do to the cache that they share. */
  isIsolated?(): boolean
  close(): void
}

/** The same name beside this file and in the package. */
const REPLACEMENT = new URL('./guarded-cache-handler.js', import.meta.url)

/**
 * Guards the `cacheHandler` of an app that is served in production. In development Next also loads
 * it in processes of its own.
 */
export function guardedCacheHandler(
  config: LoadedConfig | undefined,
  distDir: string,
  state: AppState,
  log: FastifyBaseLogger
): CacheReplacement | undefined {
  const { cacheHandler } = config?.values ?? {}
  if (config === undefined || !cacheHandler) return undefined
  const guard = cacheGuard(log)
  let Handler: CacheHandlerClass
  let forget: (() => void) | undefined
  return {
    async replace() {
      const creators = await importCreators(log)
      if (creators === undefined) return
      // What has lost its async context, say to a pool of connections, is of the only app there is.
      const create: Replacement.CreateCacheHandler = context =>
        state.isRunning() || creators.size === 1 ? guard(() => new Handler(context)) : undefined
      creators.add(create)
      forget = () => void creators.delete(create)
      config.change('cacheHandler', fileURLToPath(REPLACEMENT))
    },
    close: () => forget?.(),
    async load() {
      Handler = await importClass(cacheHandler, distDir)
    }
  }
}

async function importCreators(
  log: FastifyBaseLogger
): Promise<(typeof Replacement)['creators'] | undefined> {
  try {
    const { creators }: typeof Replacement = await import(REPLACEMENT.href)
    return creators
  } catch (err) {
    // Bundlers leave out what is imported by a computed path.
    log.warn({ err }, 'The cacheHandler is not guarded: keep fastify-next out of your bundle.')
    return undefined
  }
}

/** The way of next/dist/server/route-modules/route-module.js. */
async function importClass(path: string, distDir: string): Promise<CacheHandlerClass> {
  const url = path.startsWith('file://') ? path : pathToFileURL(resolve(distDir, path)).href
  const { default: exported } = await import(url)
  const Handler: unknown = exported?.default ?? exported
  if (typeof Handler === 'function') return Handler as CacheHandlerClass
  throw new TypeError(`The default export of the cacheHandler "${path}" has to be a class.`)
}
