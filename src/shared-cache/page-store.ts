import type { Handler } from '@fortedigital/nextjs-cache-handler/cache-handler.types'
import type { Redis } from 'ioredis'
import { PREFIX } from './keys.js'
import type { SharedCachePackages } from './packages.js'

/** What Next says of an entry: next/dist/server/response-cache/types.d.ts. */
export interface Context {
  readonly kind?: string
  readonly tags?: readonly string[]
  readonly softTags?: readonly string[]
  readonly cacheControl?: { readonly revalidate?: number | false; readonly expire?: number }
}

type Stored = NonNullable<Awaited<ReturnType<Handler['get']>>>

export type Value = Stored['value']

/** With what Next needs and the package does not know. */
type Entry = Stored & Pick<Context, 'cacheControl'>

const TAGS_HEADER = 'x-next-cache-tags'
/** Builds leave entries that nobody asks for any more. */
const MAX_AGE_S = 7 * 24 * 3_600

interface Parts {
  readonly build: string
  readonly commands: Redis
  isShared(): boolean
}

/** Pages, route handlers and data of `fetch()`: in Redis, or in this process while there is none. */
export class PageStore {
  readonly #shared: Handler
  readonly #parts: Parts
  readonly #createLocal: SharedCachePackages['createLru']
  #local: Handler

  constructor(packages: SharedCachePackages, parts: Parts) {
    const { adapt, createRedisStrings, createLru } = packages
    this.#parts = parts
    type Client = Parameters<typeof createRedisStrings>[0]['client']
    const client = adapt(parts.commands) as Client
    this.#shared = createRedisStrings({ client, keyPrefix: PREFIX })
    this.#createLocal = createLru
    this.#local = createLru()
  }

  /** Forgets what this process has for itself. */
  forgetOwn(): void {
    this.#local = this.#createLocal()
  }

  async get(key: string, { tags = [], softTags = [] }: Context): Promise<Entry | null> {
    const store = this.#store
    const ownKey = this.#keyOf(key)
    const entry: Entry | null | undefined = await store.get(ownKey, { implicitTags: [...softTags] })
    if (!entry) return null
    if (entry.value?.kind === 'FETCH') {
      // As next/dist/server/lib/incremental-cache/file-system-cache.js: each who asks may have other tags.
      const missing = tags.filter(tag => !entry.tags.includes(tag))
      if (missing.length > 0)
        await store.set(ownKey, { ...entry, tags: [...entry.tags, ...missing] })
      return entry
    }
    // Next would take it for one of another age.
    return entry.cacheControl ? entry : null
  }

  async set(key: string, value: Value, { tags = [], cacheControl }: Context): Promise<void> {
    const isData = value?.kind === 'FETCH'
    const revalidate = isData ? value.revalidate : cacheControl?.revalidate
    // Who is on his own does not hear when it ends.
    if (!this.#parts.isShared() && typeof revalidate !== 'number') return
    const lastModified = Date.now()
    const entry: Entry = {
      value,
      lastModified,
      cacheControl,
      tags: tagsOf(value) ?? [...tags],
      lifespan: lifespanFrom(lastModified, revalidate, cacheControl?.expire)
    }
    await this.#store.set(this.#keyOf(key), entry)
  }

  /**
   * Has entries with these tags expire for all.
   * @throws what Redis does
   */
  async expire(tags: readonly string[]): Promise<void> {
    for (const tag of tags) await this.#shared.revalidateTag(tag)
  }

  /** Has those expire that this process has for itself. */
  async expireOwn(tags: readonly string[]): Promise<void> {
    for (const tag of tags) await this.#local.revalidateTag(tag)
  }

  get #store(): Handler {
    return this.#parts.isShared() ? this.#shared : this.#local
  }

  #keyOf(key: string): string {
    return `${this.#parts.build}:${key}`
  }
}

/** Pages bring them along. */
function tagsOf(value: Value): string[] | undefined {
  const headers = value && 'headers' in value ? value.headers : undefined
  const tags = headers?.[TAGS_HEADER]
  return typeof tags === 'string' ? tags.split(',') : undefined
}

/** In seconds, of which the package reads when Redis may drop the entry. */
function lifespanFrom(
  lastModified: number,
  revalidate: number | false | undefined,
  expire = MAX_AGE_S
): Stored['lifespan'] {
  const lastModifiedAt = Math.ceil(lastModified / 1_000)
  const expireAge = Math.min(expire, MAX_AGE_S)
  const staleAge = revalidate || expireAge
  return {
    lastModifiedAt,
    revalidate,
    staleAge,
    expireAge,
    staleAt: lastModifiedAt + staleAge,
    expireAt: lastModifiedAt + expireAge
  }
}
