import { realpathSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import type { FastifyBaseLogger } from 'fastify'
import { FST_NEXT_DIR_IN_USE, FST_NEXT_OPTIONS_DIFFER } from '../errors.js'
import type { Settings } from '../options.js'
import { within } from '../within.js'
import type { NextServer } from './server.js'

type ReadPort = () => number
type Create = (settings: Settings, port: ReadPort) => Promise<NextServer>

interface SharedApp {
  readonly settings: Settings
  readonly server: Promise<NextServer>
  /** Where its users listen; a user that has closed is not among them. */
  readonly ports: Set<ReadPort>
  prepared?: Promise<void> | undefined
}

/** What an app has one value of, however many use it; a registration may leave the `port` to others. */
const COMMON_OPTIONS = ['conf', 'hostname', 'quiet', 'port', 'sharedCache'] as const

/** How long a start waits for the end of an app that was served from the same directory. */
const CLOSE_TIMEOUT_MS = 10_000

const apps = new Map<string, SharedApp>()
const closing = new Map<string, Promise<unknown>>()

/**
 * Creates the app of a directory, or shares the one that is served from it: Next keeps one server
 * per directory, which the first close would end for all. As with `next start`, the directory is
 * where its path leads (next/dist/lib/get-project-dir.js): a link may lead elsewhere later, and
 * Next would go on with what it has kept under the path.
 * @throws FST_NEXT_DIR_IN_USE
 * @throws FST_NEXT_OPTIONS_DIFFER
 */
export async function shareServer(
  settings: Settings,
  port: ReadPort,
  log: FastifyBaseLogger,
  create: Create
): Promise<NextServer> {
  const key = realPath(settings.dir)
  await within(closing.get(key) ?? Promise.resolve(), CLOSE_TIMEOUT_MS)
  const app = apps.get(key)
  if (app) assertShareable(app.settings, settings)
  return join(key, app ?? begin({ ...settings, dir: key }, create), port, log)
}

function begin(settings: Settings, create: Create): SharedApp {
  const ports = new Set<ReadPort>()
  const readPort = (): number => {
    for (const read of ports) {
      const port = read()
      if (port !== 0) return port
    }
    return 0
  }
  const app: SharedApp = { settings, ports, server: create(settings, readPort) }
  apps.set(settings.dir, app)
  return app
}

async function join(
  key: string,
  app: SharedApp,
  port: ReadPort,
  log: FastifyBaseLogger
): Promise<NextServer> {
  // Each its own, even if two users ask one instance of Fastify for it.
  const ownPort: ReadPort = () => port()
  app.ports.add(ownPort)
  let server: NextServer
  try {
    server = await app.server
  } catch (error) {
    if (apps.get(key) === app) apps.delete(key)
    throw error
  }
  let closed: Promise<void> | undefined
  return {
    ...server,
    prepare() {
      app.prepared ??= server.prepare().catch(error => {
        app.prepared = undefined
        throw error
      })
      return app.prepared
    },
    disableCompression() {
      if (!app.prepared) server.disableCompression()
      else log.warn('Next.js codes the answers: another user of its app has no @fastify/compress.')
    },
    close: () => {
      closed ??= leave(key, app, ownPort, server)
      return closed
    }
  }
}

async function leave(
  key: string,
  app: SharedApp,
  port: ReadPort,
  server: NextServer
): Promise<void> {
  app.ports.delete(port)
  if (app.ports.size > 0) return
  apps.delete(key)
  const closed = server.close()
  const settled = closed.catch(() => {}).then(() => void closing.delete(key))
  closing.set(key, settled)
  await closed
}

function assertShareable(first: Settings, second: Settings): void {
  if (first.dev || second.dev) throw new FST_NEXT_DIR_IN_USE(second.dir)
  const differing = COMMON_OPTIONS.filter(
    name => second[name] !== undefined && !isDeepStrictEqual(first[name], second[name])
  )
  if (differing.length > 0) throw new FST_NEXT_OPTIONS_DIFFER(second.dir, differing.join(', '))
}

function realPath(dir: string): string {
  try {
    return realpathSync(dir)
  } catch {
    return dir
  }
}
