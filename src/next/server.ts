import { EventEmitter } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { join } from 'node:path'
import type { FastifyBaseLogger } from 'fastify'
import { FST_NEXT_DEV_SERVER_RUNNING, FST_NEXT_PREPARE_FAILED } from '../errors.js'
import type { Settings } from '../options.js'
import type { NextApp, NextRequestHandler } from './app.js'
import { openAppState } from './app-state.js'
import { assertBuilt } from './build.js'
import { type CacheReplacement, guardedCacheHandler } from './cache-handler.js'
import { assertInUse, loadNextConfig } from './config.js'
import { type Address, DevelopmentLock } from './development-lock.js'
import { DirectoryWatchers } from './directory-watchers.js'
import { nameEdgeFunctions } from './edge-functions.js'
import { disableRejectionFilter } from './error-listeners.js'
import { type ErrorPages, findErrorPages, hasAppRouter } from './error-pages.js'
import { rememberEnvironment, warnOfWhatIsLeftOut } from './first-app-only.js'
import { freshnessOf, type IsFresh } from './freshness.js'
import { type HotReloadPaths, hotReloadPaths } from './hot-reload-path.js'
import { latePort } from './late-port.js'
import { findNext, type NextPackage } from './load.js'
import { setNodeEnv } from './node-env.js'
import { addOwnCode } from './own-code.js'
import { observePages, type PageObservation } from './page-observation.js'
import type { PathConfig } from './page-path.js'
import { avoidReadOnlyDisk } from './read-only-disk.js'
import { addRenders } from './renders.js'
import { pathsOutsideBasePath } from './rules.js'
import { shareServer } from './shared-apps.js'
import { type SharedCacheParts, sharedCacheHandlers } from './shared-cache-handlers.js'
import { type UpgradeHandler, upgradeHandler } from './upgrade-handler.js'
import { hideFromWatchMode, startWorkersUnwatched } from './watch-mode.js'
import { WebpackWatching } from './webpack-watching.js'

/** One Next app, from its config to its end: all that the rest of the plugin knows of Next. */
export interface NextServer extends ErrorPages, PathConfig {
  readonly app: NextApp
  readonly assetPrefix: string
  readonly hotReloadPaths: HotReloadPaths
  /** Where the build is, and with it all code of the app that runs. */
  readonly distDir: string
  /** What Next answers outside of the basePath. */
  readonly outsideBasePath: readonly RegExp[]
  /** In development: the hosts whose pages may use the development server, read at each request. */
  readonly allowedDevOrigins: string[]
  /** How changes of prerendered pages are seen, in production. */
  readonly pages: PageObservation | undefined
  /** Decides about conditional requests as Next does, where that is known. */
  readonly isFresh: IsFresh | undefined
  /** Whether it can't be heard what other processes do to the cache that they share. */
  isIsolated(): boolean
  /** Leaves the coding of answers to somebody else. Before `prepare()`. */
  disableCompression(): void
  /**
   * @throws FST_NEXT_PREPARE_FAILED
   * @throws FST_NEXT_DEV_SERVER_RUNNING
   * @throws FST_NEXT_CONF_UNSUPPORTED
   */
  prepare(): Promise<void>
  /** Tells where the app is served, once Fastify listens. */
  serves(address: Address): void
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>
  upgrade: UpgradeHandler
  close(): Promise<void>
}

/**
 * Finds the app's Next, loads its config and creates the app; nothing is started yet. An app that
 * is served by this process already is shared.
 * @param port is asked each time that Next needs it: Fastify knows its port after `listen()` only
 * @throws FST_NEXT_DIR_IN_USE
 * @throws FST_NEXT_OPTIONS_DIFFER
 */
export function createNextServer(
  settings: Settings,
  port: () => number,
  log: FastifyBaseLogger
): Promise<NextServer> {
  return shareServer(settings, port, log, async (own, port) => {
    const restoreNodeEnv = setNodeEnv(own, log)
    try {
      return await createOwnServer(own, port, log, restoreNodeEnv)
    } catch (error) {
      restoreNodeEnv()
      throw error
    }
  })
}

async function createOwnServer(
  settings: Settings,
  port: () => number,
  log: FastifyBaseLogger,
  restoreNodeEnv: () => void
): Promise<NextServer> {
  const { dir, dev } = settings
  const next = findNext(dir)
  addOwnCode(next.directory)
  const upgrades = new EventEmitter()
  const state = openAppState(dir)
  // Creating the app tells Next its bundler, which the config depends on.
  const app = state.wrap(createApp(next, settings, upgrades, port))
  disableRejectionFilter(next)
  addRenders(next)
  rememberEnvironment(dir)
  const config = await loadNextConfig(next, settings, log)
  try {
    const distDir = join(dir, config?.values.distDir ?? '.next')
    if (config && !dev) {
      await assertBuilt(settings, config.values, log)
      avoidReadOnlyDisk(config, distDir, log)
    }
    const { basePath = '', assetPrefix = '', trailingSlash = false } = config?.values ?? {}
    const handle = requestHandler(app)
    let errorPages: ErrorPages
    const watchers = new DirectoryWatchers()
    const webpackWatching = new WebpackWatching(app)
    let endHiding = (): void => {}
    let isClosed = false
    const lock = dev ? new DevelopmentLock(dir, () => isClosed) : undefined
    const end = async (): Promise<void> => {
      try {
        await Promise.all([dev && webpackWatching.close(), app.close()])
      } finally {
        watchers.close()
        endHiding()
        cacheHandler?.close()
        pages?.close?.()
        config?.restore()
        restoreNodeEnv()
      }
    }
    const pages =
      dev || settings.prerenderCache === false
        ? undefined
        : observePages(next, distDir, config, state, settings.sharedCache !== undefined)
    const cache = { config, distDir, state, pages, log, version: next.version }
    const cacheHandler = dev ? undefined : await cacheReplacement(settings, cache)
    const outsideBasePath =
      config && basePath !== '' ? await pathsOutsideBasePath(next, config.values, { dir, dev }) : []
    state.separate(next, config?.values.cacheMaxMemorySize)
    warnOfWhatIsLeftOut(settings, distDir, state.isFirst, log)
    return {
      app,
      basePath,
      assetPrefix,
      hotReloadPaths: hotReloadPaths(next, { basePath, assetPrefix }),
      distDir,
      trailingSlash,
      outsideBasePath,
      isFresh: freshnessOf(next),
      pages,
      isIsolated: () => cacheHandler?.isIsolated?.() ?? false,
      allowedDevOrigins: config?.allowedDevOrigins ?? [],
      disableCompression: () => config?.change('compress', false),
      async prepare() {
        const start = () => prepare(app, dir, cacheHandler)
        const startLocked = () => lock?.whileStarting(next, start) ?? start()
        if (isClosed) return
        pages?.open?.()
        if (dev) endHiding = hideFromWatchMode(distDir)
        const started = dev ? watchers.collect(next, startLocked) : start()
        // Who closes does not wait for a start for ever.
        await started.finally(() => isClosed && end())
        if (isClosed) return
        if (dev) webpackWatching.follow()
        if (dev) startWorkersUnwatched(app)
        if (state.edgeNames) nameEdgeFunctions(next, app, dir, state.edgeNames)
        errorPages = findErrorPages(app, handle, {
          basePath,
          trailingSlash,
          dev,
          hasAppRouter: hasAppRouter(dir, distDir, dev)
        })
        if (config && Object.keys(settings.conf).length > 0) assertInUse(next, app, config.values)
      },
      serves: address => lock?.serves(address),
      handle,
      // They reach into the app, past what sets its state.
      renderNotFound: (...args) => state.run(() => errorPages.renderNotFound(...args)),
      renderError: (...args) => state.run(() => errorPages.renderError(...args)),
      upgrade: upgradeHandler(app, upgrades),
      close() {
        isClosed = true
        return end()
      }
    }
  } catch (error) {
    config?.restore()
    throw error
  }
}

function createApp(
  next: NextPackage,
  { conf, dev, dir, quiet, hostname, port, httpServer, turbo, turbopack, webpack }: Settings,
  upgrades: EventEmitter,
  listeningPort: () => number
): NextApp {
  const create = next.load('next') as (options: object) => NextApp
  return create({
    conf,
    dev,
    dir,
    quiet,
    hostname,
    port: latePort(dir, port === undefined ? listeningPort : () => port),
    // On its first request Next listens for `upgrade` on this server, or else on the socket's own,
    // and ends every socket whose path is a page: next/dist/server/lib/router-server.js.
    httpServer: httpServer ?? upgrades,
    ...(turbo && { turbo }),
    ...(turbopack && { turbopack }),
    ...(webpack && { webpack })
  })
}

async function cacheReplacement(
  { sharedCache: url }: Settings,
  parts: Omit<SharedCacheParts, 'url'>
): Promise<CacheReplacement | undefined> {
  if (url !== undefined) return sharedCacheHandlers({ ...parts, url })
  return guardedCacheHandler(parts.config, parts.distDir, parts.state, parts.log)
}

async function prepare(app: NextApp, dir: string, cacheHandler?: CacheReplacement): Promise<void> {
  try {
    await cacheHandler?.replace()
    await app.prepare()
    await cacheHandler?.load()
  } catch (cause) {
    if (cause instanceof FST_NEXT_DEV_SERVER_RUNNING) throw cause
    throw new FST_NEXT_PREPARE_FAILED(dir, { cause })
  }
}

function requestHandler(app: NextApp): NextServer['handle'] {
  let handle: NextRequestHandler | undefined
  return (request, response) => {
    handle ??= app.getRequestHandler()
    return handle(request, response)
  }
}
