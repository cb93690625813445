import { isDeepStrictEqual } from 'node:util'
import { isPlainObject } from '../plain-object.js'

export type Values = Record<string, unknown>

/**
 * What Next reads from the config when it serves a build. Everything else is read by the build,
 * which has written it into the manifests and bundles.
 */
const RUN_TIME_KEYS = new Set([
  'allowedDevOrigins',
  'cacheHandler',
  'cacheHandlers',
  'cacheLife',
  'cacheMaxMemorySize',
  'compress',
  'crossOrigin',
  'distDir',
  'expireTime',
  'generateEtags',
  'htmlLimitedBots',
  'httpAgentOptions',
  'images',
  'logging',
  'poweredByHeader',
  'reactMaxHeadersLength',
  'staticPageGenerationTimeout'
])
const RUN_TIME_EXPERIMENTAL_KEYS = new Set([
  'allowedRevalidateHeaderKeys',
  'caseSensitiveRoutes',
  'fetchCacheKeyPrefix',
  'imgOptConcurrency',
  'imgOptMaxInputPixels',
  'imgOptSequentialRead',
  'imgOptTimeoutInSeconds',
  'isrFlushToDisk',
  'preloadEntriesOnStart',
  'proxyClientMaxBodySize',
  'proxyTimeout',
  'serverActions',
  'trustHostHeader'
])

function merge(base: unknown, value: unknown): unknown {
  if (!isPlainObject(base) || !isPlainObject(value)) return value
  const merged = { ...base }
  for (const [key, inner] of Object.entries(value)) merged[key] = merge(base[key], inner)
  return merged
}

/** The keys of `conf` that say something else than the build, and that only the build reads. */
export function keysOfTheBuild(config: Values, conf: Readonly<Values>): string[] {
  const differs = (base: Values, values: Readonly<Values>, key: string): boolean =>
    !isDeepStrictEqual(merge(base[key], values[key]), base[key])

  return Object.keys(conf).flatMap(key => {
    const experimental = conf[key]
    if (key === 'experimental' && isPlainObject(experimental)) {
      const base = isPlainObject(config.experimental) ? config.experimental : {}
      return Object.keys(experimental)
        .filter(name => !RUN_TIME_EXPERIMENTAL_KEYS.has(name) && differs(base, experimental, name))
        .map(name => `experimental.${name}`)
    }
    return !RUN_TIME_KEYS.has(key) && differs(config, conf, key) ? [key] : []
  })
}

/** The values of `config` that `conf` changes, in the form that Next gives them when it loads one. */
export function changesOf(config: Values, conf: Readonly<Values>): Map<string, unknown> {
  const changes = new Map<string, unknown>()
  const changed = (key: string): unknown => (changes.has(key) ? changes.get(key) : config[key])
  for (const [key, value] of Object.entries(conf)) {
    const serialized = key === 'htmlLimitedBots' && value instanceof RegExp ? value.source : value
    changes.set(key, merge(config[key], serialized))
  }

  // What next/dist/server/config.js derives from basePath.
  const basePath = conf.basePath
  if (typeof basePath === 'string' && basePath !== config.basePath) {
    if (changed('assetPrefix') === config.basePath) changes.set('assetPrefix', basePath)
    const images = changed('images')
    const derivedFrom = (path: unknown): string => `${path}/_next/image`
    if (isPlainObject(images) && images.path === derivedFrom(config.basePath)) {
      changes.set('images', { ...images, path: derivedFrom(basePath) })
    }
  }
  return changes
}

/** Sets `changes` in `config`, in place. Returns a function that puts back what was there. */
export function edit(config: Values, changes: ReadonlyMap<string, unknown>): () => void {
  const before = new Map([...changes.keys()].map(key => [key, config[key]]))
  for (const [key, value] of changes) config[key] = value
  return () => {
    for (const [key, value] of before) {
      if (value === undefined) delete config[key]
      else config[key] = value
    }
  }
}
