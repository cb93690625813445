import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { FastifyBaseLogger } from 'fastify'
import { FST_NEXT_CONF_UNSUPPORTED, FST_NEXT_CONFIG_FAILED } from '../errors.js'
import { loadBundled } from './bundled-config.js'
import { changesOf, edit, keysOfTheBuild, type Values } from './conf.js'
import type { NextPackage } from './load.js'

/** What the plugin reads from the loaded `next.config`; Next has filled in its defaults. */
export interface NextConfig extends Values {
  basePath: string
  assetPrefix: string
  distDir: string
  trailingSlash?: boolean
  cacheHandler?: string
  cacheMaxMemorySize?: number
  cacheHandlers?: Readonly<Record<string, string | undefined>>
  cacheComponents?: boolean
  i18n?: unknown
  images?: { customCacheHandler?: boolean }
  generateEtags?: boolean
  htmlLimitedBots?: string
}

/** The config that Next runs with. */
export interface LoadedConfig {
  values: Readonly<NextConfig>
  /** In development: the hosts whose pages may use the development server, read at each request. */
  allowedDevOrigins: string[]
  /** Changes a value. Before Next is prepared. */
  change(key: string, value: unknown): void
  /** Puts back what the plugin changed: Next keeps the object for the life of the process. */
  restore(): void
}

type LoadConfig = (phase: string, dir: string, options: { silent: boolean }) => Promise<unknown>

/**
 * Loads the app's config the way Next will, and applies `conf` to it. Next's custom server drops
 * the `conf` that it is given (vercel/next.js#87429), but it caches the config that it loads by
 * phase and directory, so what is changed in that object is what Next runs with.
 *
 * Resolves to `undefined` when this version of Next does not work that way and `conf` is empty.
 * @throws FST_NEXT_CONFIG_FAILED
 * @throws FST_NEXT_CONF_UNSUPPORTED
 */
export async function loadNextConfig(
  next: NextPackage,
  { dir, dev, conf }: { dir: string; dev: boolean; conf: Readonly<Values> },
  log: Pick<FastifyBaseLogger, 'warn'>
): Promise<LoadedConfig | undefined> {
  const config = await loadCached(next, dev ? 'phase-development-server' : PRODUCTION, dir)
  if (config === undefined) {
    if (Object.keys(conf).length > 0) throw new FST_NEXT_CONF_UNSUPPORTED(next.version)
    return undefined
  }

  const ignored = dev ? [] : keysOfTheBuild(config, conf)
  if (ignored.length > 0) {
    log.warn(
      `conf: only "next build" reads ${ignored.join(', ')}. Set it in next.config and build again.`
    )
  }

  const changes = changesOf(config, conf)
  const allowedDevOrigins = copyOrigins(
    changes.get('allowedDevOrigins') ?? config.allowedDevOrigins
  )
  if (dev) changes.set('allowedDevOrigins', allowedDevOrigins)
  const edits = [edit(config, changes)]
  return {
    values: config,
    allowedDevOrigins,
    change: (key, value) => void edits.unshift(edit(config, new Map([[key, value]]))),
    restore() {
      for (const undo of edits.splice(0)) undo()
    }
  }
}

/**
 * Checks that a prepared app runs with the config that `conf` was applied to, as far as Next shows
 * what it runs with.
 * @throws FST_NEXT_CONF_UNSUPPORTED
 */
export function assertInUse(next: NextPackage, app: object, config: Readonly<NextConfig>): void {
  const { server } = app as { server?: { server?: { nextConfig?: unknown } } }
  const inUse = server?.server?.nextConfig
  if (inUse !== undefined && inUse !== config) throw new FST_NEXT_CONF_UNSUPPORTED(next.version)
}

const PRODUCTION = 'phase-production-server'

async function loadCached(
  next: NextPackage,
  phase: string,
  dir: string
): Promise<NextConfig | undefined> {
  const load = configLoader(next)
  if (load === undefined) return undefined
  try {
    // Not silent: unknown keys are reported by the first load only, and this is the first.
    const loadFirst = () => load(phase, dir, { silent: false })
    const config = await (phase === PRODUCTION ? loadBundled(dir, loadFirst) : loadFirst())
    const again = await load(phase, dir, { silent: true })
    return isNextConfig(config) && config === again ? config : undefined
  } catch (cause) {
    throw new FST_NEXT_CONFIG_FAILED(pathOf(dir), { cause })
  }
}

/** Whether a message of Next's only says what the error says with which the load rejects. */
export function isSaidByError(message: string): boolean {
  return message.startsWith('Failed to load next.config.')
}

/** In the order in which Next looks: the errors of the loaders do not all name a file. */
function pathOf(dir: string): string {
  const paths = ['js', 'mjs', 'ts', 'mts'].map(extension => join(dir, `next.config.${extension}`))
  return paths.find(path => existsSync(path)) ?? join(dir, 'next.config')
}

function configLoader(next: NextPackage): LoadConfig | undefined {
  try {
    const { default: load } = next.load('next/dist/server/config') as { default?: unknown }
    return typeof load === 'function' ? (load as LoadConfig) : undefined
  } catch {
    return undefined
  }
}

function isNextConfig(value: unknown): value is NextConfig {
  const config = Object(value) as Values
  return [config.basePath, config.assetPrefix, config.distDir].every(
    field => typeof field === 'string'
  )
}

function copyOrigins(origins: unknown): string[] {
  return Array.isArray(origins) ? origins.map(String) : []
}
