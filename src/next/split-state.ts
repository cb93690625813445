import { FST_NEXT_SEVERAL_APPS_UNSUPPORTED } from '../errors.js'
import type { NextPackage } from './load.js'

/** What belongs to one app of the state that Next keeps for the whole process. */
export interface Part {
  readonly name: string
  /** Whether the app is the first of the process, which has Next's own keys and names. */
  isFirst: boolean
  /** The `cacheMaxMemorySize` of the app. */
  memory: number
  /** The app's values of the globals. */
  readonly values: Map<PropertyKey, unknown>
  readonly edgeNames: Map<string, object>
}

type CurrentPart = () => Part
type Method = (...args: unknown[]) => unknown

/** A map from text, or a cache that looks like one. */
type Store = Record<string, unknown>

/** What Next's `cacheMaxMemorySize` is by default. */
export const DEFAULT_MEMORY = 50 * 1024 * 1024
const INCREMENTAL_CACHE = 'next/dist/server/lib/incremental-cache'

/**
 * Where Next and the bundles that it comes with look for what they have set: an app's manifests
 * (app-render/manifests-singleton.js), how it loads its modules (app-render/app-render.js), its
 * handlers of `'use cache'` (use-cache/handlers.js), the cache of the request
 * (route-modules/route-module.js) and the suffix of its assets (base-server.js).
 */
export const GLOBALS: readonly PropertyKey[] = [
  Symbol.for('next.server.manifests'),
  Symbol.for('@next/cache-handlers-map'),
  Symbol.for('@next/cache-handlers-set'),
  Symbol.for('@next/cache-handlers-built-in'),
  Symbol.for('@next/custom-cache-handlers-registration'),
  // In development only:
  Symbol.for('@next/cache-handlers-private'),
  Symbol.for('@next/cache-handlers-dev-fronts'),
  Symbol.for('@next/cache-handlers-dev-tiered'),
  Symbol.for('@next/cache-handlers-memory-disabled'),
  '__next_require__',
  '__next_chunk_load__',
  '__incrementalCache',
  'NEXT_CLIENT_ASSET_SUFFIX'
]

const divided = new Set<unknown>()

/**
 * Divides the state among the apps, for the life of the process.
 * @throws FST_NEXT_SEVERAL_APPS_UNSUPPORTED when this version of Next keeps its state elsewhere
 */
export function splitState(
  next: NextPackage,
  dir: string,
  memory: number,
  first: Part,
  current: CurrentPart
): void {
  const stores = findStores(next, memory)
  if (stores === undefined) throw new FST_NEXT_SEVERAL_APPS_UNSUPPORTED(next.version, dir)
  const { pages, lifetimes, tags } = stores
  const keyOf = (key: unknown): string => {
    const part = current()
    return part.isFirst ? String(key) : `${part.name}\0${key}`
  }
  // With a `cacheMaxMemorySize` of 0 an app reads its files each time, whatever others have.
  const keyOfPage = (key: unknown) => (current().memory === 0 ? undefined : keyOf(key))
  once(pages, () => splitStore(pages, keyOfPage))
  once(lifetimes, () => splitStore(lifetimes, keyOf))
  once(tags, () => splitStore(tags, keyOf))
  for (const name of GLOBALS) once(name, () => splitGlobal(name, first, current))
}

/** Each copy of Next has stores of its own, and all of them share the globals. */
function once(subject: unknown, split: () => void): void {
  if (divided.has(subject)) return
  divided.add(subject)
  split()
}

interface Stores {
  /** Pages, data and what else has been cached, in memory. */
  pages: Store
  /** How long pages may be used. */
  lifetimes: Store
  /** When tags were revalidated. */
  tags: Store
}

function findStores(next: NextPackage, memory: number): Stores | undefined {
  const load = (name: string): Store => {
    try {
      return next.load(`${INCREMENTAL_CACHE}/${name}.external.js`) as Store
    } catch {
      return {}
    }
  }
  const { getMemoryCache } = load('memory-cache')
  const { SharedCacheControls } = load('shared-cache-controls')
  if (typeof getMemoryCache !== 'function') return undefined
  // Next creates it with the first page that it reads, in the size that it is given then.
  const pages: unknown = getMemoryCache(memory || DEFAULT_MEMORY)
  const lifetimes: unknown = Object(SharedCacheControls).cacheControls
  const tags = load('tags-manifest').tagsManifest
  if (!isStore(pages) || !isStore(lifetimes) || !isStore(tags)) return undefined
  return { pages, lifetimes, tags }
}

function isStore(value: unknown): value is Store {
  const { get, set } = Object(value) as Store
  return typeof get === 'function' && typeof set === 'function'
}

/** Changes the keys of one store. Of its methods Next calls these, with the key in front. */
function splitStore(store: Store, keyOf: (key: unknown) => string | undefined): void {
  const names = ['get', 'set', 'has', 'delete', 'remove'].filter(
    name => typeof store[name] === 'function'
  )
  for (const name of names) {
    const method = store[name] as Method
    store[name] = (key: unknown, ...rest: unknown[]) => {
      const own = keyOf(key)
      return own === undefined ? undefined : method.call(store, own, ...rest)
    }
  }
}

function splitGlobal(name: PropertyKey, first: Part, current: CurrentPart): void {
  if (Object.hasOwn(globalThis, name)) first.values.set(name, Reflect.get(globalThis, name))
  Object.defineProperty(globalThis, name, {
    configurable: true,
    get: () => current().values.get(name),
    set: value => void current().values.set(name, value)
  })
}
