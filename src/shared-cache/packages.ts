import { FST_NEXT_SHARED_CACHE_NOT_INSTALLED } from '../errors.js'

/** The optional peers that a shared cache is made of. */
export interface SharedCachePackages {
  readonly Redis: typeof import('ioredis').Redis
  readonly adapt: typeof import('@fortedigital/nextjs-cache-handler/helpers/ioredisAdapter').ioredisAdapter
  readonly createRedisStrings: typeof import('@fortedigital/nextjs-cache-handler/redis-strings').default
  readonly createLru: typeof import('@fortedigital/nextjs-cache-handler/local-lru').default
  readonly createRedisData: typeof import('@mrjasonroy/cache-components-cache-handler').createRedisDataCacheHandler
  readonly createMemoryData: typeof import('@mrjasonroy/cache-components-cache-handler').createMemoryDataCacheHandler
}

/** @throws FST_NEXT_SHARED_CACHE_NOT_INSTALLED */
export async function loadPackages(): Promise<SharedCachePackages> {
  try {
    const [{ Redis }, { ioredisAdapter }, strings, lru, data] = await Promise.all([
      import('ioredis'),
      import('@fortedigital/nextjs-cache-handler/helpers/ioredisAdapter'),
      import('@fortedigital/nextjs-cache-handler/redis-strings'),
      import('@fortedigital/nextjs-cache-handler/local-lru'),
      import('@mrjasonroy/cache-components-cache-handler')
    ])
    return {
      Redis,
      adapt: ioredisAdapter,
      createRedisStrings: strings.default,
      createLru: lru.default,
      createRedisData: data.createRedisDataCacheHandler,
      createMemoryData: data.createMemoryDataCacheHandler
    }
  } catch (cause) {
    throw new FST_NEXT_SHARED_CACHE_NOT_INSTALLED({ cause })
  }
}
