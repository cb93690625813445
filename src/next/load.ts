import { readFileSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import {
  FST_NEXT_DIR_NOT_FOUND,
  FST_NEXT_NOT_INSTALLED,
  FST_NEXT_UNSUPPORTED_VERSION
} from '../errors.js'

/** Below 16.2.11 a custom server can be made to send requests of its own: CVE-2026-64649. */
const SUPPORTED_RANGE = '>=16.2.11 <17'
const OLDEST_SUPPORTED = [16, 2, 11] as const

/** The `next` package that belongs to an app. */
export interface NextPackage {
  version: string
  directory: string
  /** Loads a module of the package by its id, `next/…`. */
  load(id: string): unknown
}

function isSupported(version: string): boolean {
  const [major = 0, minor = 0, patch = 0] = version.split(/[.-]/).map(Number)
  const [oldestMajor, oldestMinor, oldestPatch] = OLDEST_SUPPORTED
  if (major !== oldestMajor) return false
  return minor === oldestMinor ? patch >= oldestPatch : minor > oldestMinor
}

function isMissing(error: unknown, id: string): boolean {
  return (
    error instanceof Error &&
    'code' in error &&
    error.code === 'MODULE_NOT_FOUND' &&
    error.message.includes(id)
  )
}

function requireThatFinds(id: string, places: readonly string[]): NodeJS.Require | undefined {
  for (const place of places) {
    const require = createRequire(place)
    try {
      require.resolve(id)
      return require
    } catch (error) {
      if (!isMissing(error, id)) throw error
    }
  }
  return undefined
}

/**
 * Finds the `next` that runs the app: the one that the app's own directory resolves, else the one
 * beside the plugin.
 * @param plugin a file of the plugin
 * @throws FST_NEXT_DIR_NOT_FOUND
 * @throws FST_NEXT_NOT_INSTALLED
 * @throws FST_NEXT_UNSUPPORTED_VERSION
 */
export function findNext(dir: string, plugin: string = import.meta.url): NextPackage {
  if (!statSync(dir, { throwIfNoEntry: false })?.isDirectory()) {
    throw new FST_NEXT_DIR_NOT_FOUND(dir)
  }
  const manifest = 'next/package.json'
  const require = requireThatFinds(manifest, [join(dir, 'package.json'), plugin])
  if (require === undefined) throw new FST_NEXT_NOT_INSTALLED(dir)

  const { version } = JSON.parse(readFileSync(require.resolve(manifest), 'utf8')) as {
    version: string
  }
  if (!isSupported(version)) throw new FST_NEXT_UNSUPPORTED_VERSION(version, SUPPORTED_RANGE)
  const directory = dirname(require.resolve(manifest))
  return { version, directory, load: id => require(id) }
}
