import type { NextConfig } from './config.js'

/** The paths of the sockets of hot reloading, below the basePath or the assetPrefix. */
export interface HotReloadPaths {
  /** Where this Next has them. */
  readonly current: string
  /** Where another one has them, whose page may still be open. */
  readonly other: string
}

/** Next has renamed the path in 16.3: next/dist/server/lib/router-server.js. */
const SINCE_16_3 = '/_next/hmr'
const BEFORE_16_3 = '/_next/webpack-hmr'

export function hotReloadPaths(
  { version }: { version: string },
  config: Pick<NextConfig, 'basePath' | 'assetPrefix'>
): HotReloadPaths {
  const prefix = prefixOf(config)
  const [since, before] = [prefix + SINCE_16_3, prefix + BEFORE_16_3]
  const isBefore = /^16\.[0-2]\./.test(version)
  return isBefore ? { current: before, other: since } : { current: since, other: before }
}

/** As next/dist/server/lib/router-server.js has it, with its normalized-asset-prefix.js. */
function prefixOf({ basePath, assetPrefix }: Pick<NextConfig, 'basePath' | 'assetPrefix'>): string {
  if (assetPrefix === '') return basePath
  const trimmed = assetPrefix.replace(/^\/+|\/+$/g, '')
  if (URL.canParse(trimmed)) return new URL(trimmed).pathname.replace(/\/$/, '')
  return trimmed && `/${trimmed}`
}
