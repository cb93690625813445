import type { FastifyBaseLogger } from 'fastify'
import { Connection } from './connection.js'
import { DataStore } from './data-store.js'
import { dropEntries } from './drop-entries.js'
import { decode, encode, type Message } from './message.js'
import type { SharedCachePackages } from './packages.js'
import { type Context, PageStore, type Value } from './page-store.js'

/** Is told what other processes do. */
export interface SharedCacheListener {
  changed(key: string): void
  revalidated(tags: readonly string[]): void
  /** Anything may have changed. */
  missed(): void
}

interface Parts {
  readonly packages: SharedCachePackages
  readonly url: string
  /** Under which the entries of this build are kept. */
  readonly build: string
  readonly log: FastifyBaseLogger
  readonly listeners: Iterable<SharedCacheListener>
}

/** For so long a start waits for Redis: what is asked first finds it there. */
const START_MS = 2_000
const RETRY_MS = 1_000
/** What has any of more tags than these is dropped. */
const MAX_MISSED_TAGS = 10_000

/**
 * The cache that all processes of an app have in common, in Redis. While Redis can't be relied on each
 * process is on its own; the tags that it revalidates then it revalidates for all before it goes back.
 */
export class SharedCache {
  readonly data: DataStore
  readonly #pages: PageStore
  readonly #connection: Connection
  readonly #parts: Parts
  /** The tags that others have yet to be told of. */
  readonly #missed = new Set<string>()
  #isShared = false
  #retry: NodeJS.Timeout | undefined
  #whenShared = (): void => {}

  constructor(parts: Parts) {
    const { packages, url, build } = parts
    this.#parts = parts
    this.#connection = new Connection(packages.Redis, url, {
      message: text => this.#hear(decode(text)),
      up: () => void this.#join(),
      down: reason => this.#leave(reason)
    })
    const { commands } = this.#connection
    const isShared = () => this.#isShared
    this.#pages = new PageStore(packages, { build, commands, isShared })
    this.data = new DataStore(packages, { build, commands, isShared })
  }

  /** Whether all processes have it in common now. */
  get isShared(): boolean {
    return this.#isShared
  }

  /** Resolves when Redis is there, or after a while without. */
  async open(): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const isThere = new Promise<boolean>(resolve => {
      this.#whenShared = () => resolve(true)
      timer = setTimeout(resolve, START_MS, false)
    })
    this.#connection.open()
    if (!(await isThere)) this.#warn(this.#connection.reason)
    clearTimeout(timer)
  }

  close(): void {
    clearTimeout(this.#retry)
    this.#isShared = false
    this.#connection.close()
  }

  get(key: string, context: Context): Promise<unknown> {
    return this.#pages.get(key, context)
  }

  async set(key: string, value: Value | null, context: Context): Promise<void> {
    await this.#pages.set(key, value, context)
    if (this.#isShared) await this.#say({ build: this.#parts.build, key })
  }

  /** @throws what Redis does: this process is on its own then, until it has made up for it */
  async revalidateTag(tags: string | readonly string[]): Promise<void> {
    const all = [tags].flat()
    if (this.#isShared) {
      try {
        await this.#expire(all)
      } catch (error) {
        await this.#miss(all)
        this.#leave(messageOf(error))
        this.#retryLater()
        throw error
      }
    } else await this.#miss(all)
  }

  resetRequestCache(): void {}

  /** For all processes. Pages come last: they are rendered from data. */
  async #expire(tags: readonly string[]): Promise<void> {
    try {
      await this.data.expire(tags)
      await this.#pages.expire(tags)
    } catch (error) {
      // Redis is full, and refuses to note when tags were revalidated.
      if (isOutOfMemory(error)) await dropEntries(this.#connection.commands)
      throw error
    } finally {
      // Whoever has looked in between may have got what is out of date.
      this.#hear({ tags })
      await this.#say({ tags })
    }
  }

  async #miss(tags: readonly string[]): Promise<void> {
    for (const tag of tags) this.#missed.add(tag)
    await this.data.expireOwn(tags)
    await this.#pages.expireOwn(tags)
    this.#hear({ tags })
  }

  async #say(message: Message): Promise<void> {
    await this.#connection.publish(encode(message))
  }

  #hear(message: Message | undefined): void {
    const { build, listeners } = this.#parts
    for (const listener of listeners) {
      if (message === undefined) listener.missed()
      else if ('tags' in message) listener.revalidated(message.tags)
      else if (message.build === build) listener.changed(message.key)
    }
  }

  async #join(): Promise<void> {
    try {
      await this.#makeUp()
    } catch (error) {
      this.#warn(messageOf(error))
      this.#retryLater()
      return
    }
    if (this.#isShared || !this.#connection.isUp) return
    this.#isShared = true
    for (const listener of this.#parts.listeners) listener.missed()
    this.#parts.log.info('The cache is shared through Redis.')
    this.#whenShared()
  }

  /** Revalidates for all what could not be. */
  async #makeUp(): Promise<void> {
    if (this.#missed.size > MAX_MISSED_TAGS) {
      await dropEntries(this.#connection.commands)
      this.#missed.clear()
    }
    while (this.#missed.size > 0) {
      const tags = [...this.#missed]
      await this.#expire(tags)
      for (const tag of tags) this.#missed.delete(tag)
    }
  }

  #leave(reason: string): void {
    if (!this.#isShared) return
    this.#isShared = false
    this.#pages.forgetOwn()
    this.data.forgetOwn()
    this.#warn(reason)
  }

  #retryLater(): void {
    clearTimeout(this.#retry)
    this.#retry = setTimeout(() => {
      if (this.#connection.isUp) void this.#join()
    }, RETRY_MS)
  }

  #warn(reason: string): void {
    this.#parts.log.warn(`The cache is not shared until Redis can be relied on: ${reason}.`)
  }
}

/** https://redis.io/docs/latest/develop/reference/eviction */
function isOutOfMemory(error: unknown): boolean {
  return messageOf(error).startsWith('OOM')
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
