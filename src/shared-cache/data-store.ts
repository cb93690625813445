import type {
  DataCacheEntry,
  DataCacheHandler,
  RedisClient
} from '@mrjasonroy/cache-components-cache-handler'
import type { Redis } from 'ioredis'
import { PREFIX, TAG_PREFIX } from './keys.js'
import type { SharedCachePackages } from './packages.js'

interface Parts {
  readonly build: string
  readonly commands: Redis
  isShared(): boolean
}

/** What `'use cache'` keeps: in Redis, or in this process while there is none. */
export class DataStore implements DataCacheHandler {
  readonly #shared: DataCacheHandler
  readonly #parts: Parts
  readonly #packages: SharedCachePackages
  #local: DataCacheHandler

  constructor(packages: SharedCachePackages, parts: Parts) {
    this.#parts = parts
    this.#packages = packages
    this.#shared = this.#createShared(clientOf(parts.commands))
    this.#local = packages.createMemoryData()
  }

  /** Forgets what this process has for itself. */
  forgetOwn(): void {
    this.#local = this.#packages.createMemoryData()
  }

  get(key: string, softTags: string[]): Promise<DataCacheEntry | undefined> {
    return this.#store.get(key, softTags)
  }

  set(key: string, entry: Promise<DataCacheEntry>): Promise<void> {
    return this.#store.set(key, entry)
  }

  refreshTags(): Promise<void> {
    return this.#store.refreshTags()
  }

  getExpiration(tags: string[]): Promise<number> {
    return this.#store.getExpiration(tags)
  }

  /** Next tells the `cacheHandler` of the same tags, which sees to both. */
  async updateTags(): Promise<void> {}

  /** Has those expire that this process has for itself. */
  expireOwn(tags: readonly string[]): Promise<void> {
    return this.#local.updateTags([...tags])
  }

  /**
   * Has entries with these tags expire for all.
   * @throws what Redis does
   */
  async expire(tags: readonly string[]): Promise<void> {
    // The package logs what fails, and says nothing.
    const failures: unknown[] = []
    const client = clientOf(this.#parts.commands, error => failures.push(error))
    // With durations it would take all entries for expired until these have passed, new ones as well.
    await this.#createShared(client).updateTags([...tags])
    if (failures.length > 0) throw failures[0]
  }

  get #store(): DataCacheHandler {
    return this.#parts.isShared() ? this.#shared : this.#local
  }

  #createShared(redis: RedisClient): DataCacheHandler {
    const keyPrefix = `${PREFIX}${this.#parts.build}:use-cache:`
    return this.#packages.createRedisData({ redis, keyPrefix, tagPrefix: TAG_PREFIX })
  }
}

/** ioredis under the names that the package calls. */
function clientOf(redis: Redis, fail?: (error: unknown) => void): RedisClient {
  return {
    get: key => redis.get(key),
    set: (key, value, ...args) =>
      typeof args[1] === 'number' ? redis.set(key, value, 'EX', args[1]) : redis.set(key, value),
    del: (...keys) => redis.unlink(...keys),
    exists: (...keys) => redis.exists(...keys),
    ttl: key => redis.ttl(key),
    hGet: (key, field) => redis.hget(key, field),
    hGetAll: key => redis.hgetall(key),
    hSet: (key, field, value) =>
      redis.hset(key, field, value).catch((error: unknown) => {
        fail?.(error)
        throw error
      })
  }
}
