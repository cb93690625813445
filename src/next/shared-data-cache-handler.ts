/** The interface of `cacheHandlers`: next/dist/server/lib/cache-handlers/types.d.ts. */
export interface DataCacheHandler {
  get(key: string, softTags: string[]): Promise<unknown>
  set(key: string, entry: Promise<unknown>): Promise<void>
  refreshTags(): Promise<void>
  getExpiration(tags: string[]): Promise<number>
  updateTags(tags: string[], durations?: { expire?: number }): Promise<void>
}

/**
 * What finds the handler of each app. This module is what `cacheHandlers` of the config names where the
 * cache is shared: Next imports it by its path, once for the life of the process.
 */
export const finders = new Set<() => DataCacheHandler | undefined>()

function current(): DataCacheHandler | undefined {
  for (const find of finders) {
    const handler = find()
    if (handler) return handler
  }
  return undefined
}

const handler: DataCacheHandler = {
  get: async (key, softTags) => current()?.get(key, softTags),
  set: async (key, entry) => current()?.set(key, entry),
  refreshTags: async () => current()?.refreshTags(),
  getExpiration: async tags => (await current()?.getExpiration(tags)) ?? 0,
  updateTags: async (tags, durations) => current()?.updateTags(tags, durations)
}

export default handler
