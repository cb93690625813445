import { EventEmitter } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import type { FastifyBaseLogger } from 'fastify'
import { FST_NEXT_PREPARE_FAILED } from '../errors.js'
import type { Settings } from '../options.js'
import type { NextApp, NextRequestHandler } from './app.js'
import { openAppState } from './app-state.js'
import { assertBuilt } from './build.js'
import { type GuardedCacheHandler, guardedCacheHandler } from './cache-handler.js'
import { assertInUse, loadNextConfig } from './config.js'
import { DirectoryWatchers } from './directory-watchers.js'
import { nameEdgeFunctions } from './edge-functions.js'
import { disableRejectionFilter } from './error-listeners.js'
import { type ErrorPages, findErrorPages, hasAppRouter } from './error-pages.js'
import { rememberEnvironment, warnOfWhatIsLeftOut } from './first-app-only.js'
import { latePort } from './late-port.js'
import { findNext, type NextPackage } from './load.js'
import type { PathConfig } from './page-path.js'
import { pathsOutsideBasePath } from './rules.js'
import { shareServer } from './shared-apps.js'
import { closeWebpackWatching } from './webpack-watching.js'

type UpgradeHandler = (request: IncomingMessage, socket: Duplex, head: Buffer) => unknown

/** One Next app, from its config to its end: all that the rest of the plugin knows of Next. */
export interface NextServer extends ErrorPages, PathConfig {
  readonly app: NextApp
  readonly assetPrefix: string
  /** Where the build is, and with it all code of the app that runs. */
  readonly distDir: string
  /** What Next answers outside of the basePath. */
  readonly outsideBasePath: readonly RegExp[]
  /** In development: the hosts whose pages may use the development server, read at each request. */
  readonly allowedDevOrigins: string[]
  /** Leaves the coding of answers to somebody else. Before `prepare()`. */
  disableCompression(): void
  /**
   * @throws FST_NEXT_PREPARE_FAILED
   * @throws FST_NEXT_CONF_UNSUPPORTED
   */
  prepare(): Promise<void>
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>
  /** Hands a socket to Next: in development those of hot reloading. */
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
  return shareServer(settings, port, log, (own, port) => createOwnServer(own, port, log))
}

async function createOwnServer(
  settings: Settings,
  port: () => number,
  log: FastifyBaseLogger
): Promise<NextServer> {
  const { dir, dev } = settings
  // Next sets it itself, but later: with 16.2 the Pages Router then mixes two builds of React.
  process.env.NODE_ENV ??= dev ? 'development' : 'production'
  const next = findNext(dir)
  const upgrades = new EventEmitter()
  const state = openAppState(dir)
  // Creating the app tells Next its bundler, which the config depends on.
  const app = state.wrap(createApp(next, settings, upgrades, port))
  disableRejectionFilter(next)
  rememberEnvironment(dir)
  const config = await loadNextConfig(next, settings, log)
  try {
    const distDir = join(dir, config?.values.distDir ?? '.next')
    if (config && !dev) await assertBuilt(settings, config.values, log)
    const { basePath = '', assetPrefix = '', trailingSlash = false } = config?.values ?? {}
    const handle = requestHandler(app)
    let errorPages: ErrorPages
    const watchers = new DirectoryWatchers()
    const cacheHandler = dev ? undefined : guardedCacheHandler(config, distDir, state, log)
    const outsideBasePath =
      config && basePath !== '' ? await pathsOutsideBasePath(next, config.values, { dir, dev }) : []
    state.separate(next, config?.values.cacheMaxMemorySize)
    warnOfWhatIsLeftOut(settings, distDir, state.isFirst, log)
    return {
      app,
      basePath,
      assetPrefix,
      distDir,
      trailingSlash,
      outsideBasePath,
      allowedDevOrigins: config?.allowedDevOrigins ?? [],
      disableCompression: () => config?.change('compress', false),
      async prepare() {
        const start = () => prepare(app, dir, cacheHandler)
        await (dev ? watchers.collect(next, start) : start())
        if (state.edgeNames) nameEdgeFunctions(next, app, dir, state.edgeNames)
        errorPages = findErrorPages(app, handle, {
          basePath,
          trailingSlash,
          dev,
          hasAppRouter: hasAppRouter(dir, distDir, dev)
        })
        if (config && Object.keys(settings.conf).length > 0) assertInUse(next, app, config.values)
      },
      handle,
      // They reach into the app, past what sets its state.
      renderNotFound: (...args) => state.run(() => errorPages.renderNotFound(...args)),
      renderError: (...args) => state.run(() => errorPages.renderError(...args)),
      upgrade: upgradeHandler(app, upgrades),
      async close() {
        try {
          await Promise.all([dev && closeWebpackWatching(app), app.close()])
        } finally {
          watchers.close()
          cacheHandler?.close()
          config?.restore()
        }
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

async function prepare(
  app: NextApp,
  dir: string,
  cacheHandler?: GuardedCacheHandler
): Promise<void> {
  try {
    await cacheHandler?.replace()
    await app.prepare()
    await cacheHandler?.load()
  } catch (cause) {
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

function upgradeHandler(app: NextApp, upgrades: EventEmitter): UpgradeHandler {
  return (request, socket, head) => {
    // `getUpgradeHandler()` of a custom server does nothing. The getter that does is not
    // documented; without it Next answers once the first page has been requested.
    const { upgradeHandler: handler } = app as { upgradeHandler?: UpgradeHandler }
    if (typeof handler === 'function') return handler(request, socket, head)
    if (!upgrades.emit('upgrade', request, socket, head)) socket.destroy()
  }
}
