import { EventEmitter } from 'node:events'
import { existsSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import type { FastifyBaseLogger } from 'fastify'
import { FST_NEXT_BUILD_NOT_FOUND, FST_NEXT_PREPARE_FAILED } from '../errors.js'
import type { Settings } from '../options.js'
import type { NextApp, NextRequestHandler } from './app.js'
import { assertInUse, type LoadedConfig, loadNextConfig } from './config.js'
import { type ErrorPages, findErrorPages, hasAppRouter } from './error-pages.js'
import { latePort } from './late-port.js'
import { findNext, type NextPackage } from './load.js'
import type { PathConfig } from './page-path.js'
import { pathsOutsideBasePath } from './rules.js'

type UpgradeHandler = (request: IncomingMessage, socket: Duplex, head: Buffer) => unknown

/** One Next app, from its config to its end: all that the rest of the plugin knows of Next. */
export interface NextServer extends ErrorPages, PathConfig {
  readonly app: NextApp
  readonly assetPrefix: string
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
 * Finds the app's Next, loads its config and creates the app; nothing is started yet.
 * @param port is asked each time that Next needs it: Fastify knows its port after `listen()` only
 */
export async function createNextServer(
  settings: Settings,
  port: () => number,
  log: FastifyBaseLogger
): Promise<NextServer> {
  const { dir, dev } = settings
  // Next sets it itself, but later: with 16.2 the Pages Router then mixes two builds of React.
  process.env.NODE_ENV ??= dev ? 'development' : 'production'
  const next = findNext(dir)
  const upgrades = new EventEmitter()
  // Creating the app tells Next its bundler, which the config depends on.
  const app = createApp(next, settings, upgrades, port)
  const config = await loadNextConfig(next, settings, log)
  try {
    assertBuilt(settings, config)
    const { basePath = '', assetPrefix = '', trailingSlash = false } = config?.values ?? {}
    const handle = requestHandler(app)
    let errorPages: ErrorPages
    return {
      app,
      basePath,
      assetPrefix,
      trailingSlash,
      outsideBasePath:
        config && basePath !== ''
          ? await pathsOutsideBasePath(next, config.values, { dir, dev })
          : [],
      allowedDevOrigins: config?.allowedDevOrigins ?? [],
      disableCompression: () => config?.disableCompression(),
      async prepare() {
        await prepare(app, dir)
        errorPages = findErrorPages(app, handle, {
          basePath,
          trailingSlash,
          dev,
          hasAppRouter: hasAppRouter(dir, join(dir, config?.values.distDir ?? '.next'), dev)
        })
        if (config && Object.keys(settings.conf).length > 0) assertInUse(next, app, config.values)
      },
      handle,
      renderNotFound: (...args) => errorPages.renderNotFound(...args),
      renderError: (...args) => errorPages.renderError(...args),
      upgrade: upgradeHandler(app, upgrades),
      async close() {
        await app.close()
        config?.restore()
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

function assertBuilt({ dev, dir }: Settings, config: LoadedConfig | undefined): void {
  if (dev || config === undefined) return
  const distDir = join(dir, config.values.distDir)
  if (!existsSync(join(distDir, 'BUILD_ID'))) throw new FST_NEXT_BUILD_NOT_FOUND(distDir, dir)
}

async function prepare(app: NextApp, dir: string): Promise<void> {
  try {
    await app.prepare()
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
