/** Creates the cache handler of one app; there may be none, or another app may be asking. */
export type CreateCacheHandler = (context: unknown) => object | undefined

/**
 * What creates the handlers of each app. This module is what `cacheHandler` of the config names
 * while the plugin guards the app's own handler: Next imports it by its path, which has room for nothing
 * else, and the plugin imports it the same way, so that both have this one set.
 */
export const creators = new Set<CreateCacheHandler>()

/** Next creates one for each request. */
export default function CacheHandler(context: unknown): object {
  for (const create of creators) {
    const handler = create(context)
    if (handler) return handler
  }
  return NO_CACHE
}

const NO_CACHE = {
  get: async () => null,
  set: async () => {},
  revalidateTag: async () => {},
  resetRequestCache() {}
}
