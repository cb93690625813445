import type { Lifetime, StoredPage } from './stored-page.js'

/** The kept answers of one page of Next's cache. */
interface Group {
  readonly names: Set<string>
  readonly lifetime: Lifetime
  readonly tags: readonly string[]
  /** Since when somebody has Next renew the page, in ms since 1970. */
  renewedSince: number
}

/** Of one page, with its codings and all that Next's router asks for. */
const MAX_NAMES = 64

/** Kept answers by name, the least recently used of which go first. */
export class StoredPages {
  readonly #pages = new Map<string, StoredPage>()
  readonly #groups = new Map<string, Group>()
  readonly #keysByTag = new Map<string, Set<string>>()
  readonly #maxBytes: number
  #bytes = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** What all of it takes, at the most. */
  get bytes(): number {
    return this.#bytes
  }

  get(name: string): StoredPage | undefined {
    const page = this.#pages.get(name)
    if (page === undefined) return undefined
    this.#pages.delete(name)
    this.#pages.set(name, page)
    return page
  }

  set(name: string, page: StoredPage): void {
    this.delete(name)
    const size = sizeOf(name, page)
    if (size > this.#maxBytes) return
    this.#bytes += size
    this.#pages.set(name, page)
    const { names } = this.#groupOf(page)
    names.add(name)
    // A client can make up what Next's router asks for, and would push out all other pages.
    const [first] = names
    if (names.size > MAX_NAMES && first !== undefined) this.delete(first)
    for (const [oldest] of this.#pages) {
      if (this.#bytes <= this.#maxBytes) break
      this.delete(oldest)
    }
  }

  /** Whether a page is left to be renewed, which whoever asks then is to have done. */
  beginRenewal({ cacheKey }: StoredPage, time: number, interval: number): boolean {
    const group = this.#groups.get(cacheKey)
    if (group === undefined || time < group.renewedSince + interval) return false
    group.renewedSince = time
    return true
  }

  /** Lets somebody else have a page renewed. */
  endRenewal({ cacheKey }: StoredPage): void {
    const group = this.#groups.get(cacheKey)
    if (group) group.renewedSince = Number.NEGATIVE_INFINITY
  }

  delete(name: string): void {
    const page = this.#pages.get(name)
    if (page === undefined) return
    this.#pages.delete(name)
    this.#bytes -= sizeOf(name, page)
    const { cacheKey } = page
    const group = this.#groups.get(cacheKey)
    group?.names.delete(name)
    if (group?.names.size !== 0) return
    this.#groups.delete(cacheKey)
    for (const tag of group.tags) {
      const keys = this.#keysByTag.get(tag)
      keys?.delete(cacheKey)
      if (keys?.size === 0) this.#keysByTag.delete(tag)
    }
  }

  clear(): void {
    for (const name of [...this.#pages.keys()]) this.delete(name)
  }

  deleteKey(cacheKey: string): void {
    for (const name of [...(this.#groups.get(cacheKey)?.names ?? [])]) this.delete(name)
  }

  deleteTags(tags: readonly string[]): void {
    for (const tag of tags) {
      for (const key of [...(this.#keysByTag.get(tag) ?? [])]) this.deleteKey(key)
    }
  }

  #groupOf({ cacheKey, lifetime, tags }: StoredPage): Group {
    const known = this.#groups.get(cacheKey)
    if (known && isOfGeneration(known, lifetime, tags)) return known
    // Next has read another one from the disk, where another process has put it.
    if (known) this.deleteKey(cacheKey)
    const renewedSince = Number.NEGATIVE_INFINITY
    const group: Group = { names: new Set(), lifetime, tags, renewedSince }
    this.#groups.set(cacheKey, group)
    for (const tag of tags) {
      const keys = this.#keysByTag.get(tag) ?? new Set()
      this.#keysByTag.set(tag, keys.add(cacheKey))
    }
    return group
  }
}

function isOfGeneration(group: Group, { fresh, usable }: Lifetime, tags: readonly string[]) {
  const { lifetime } = group
  return lifetime.fresh === fresh && lifetime.usable === usable && `${group.tags}` === `${tags}`
}

/** Of an entry without its bytes, at the most. */
const OVERHEAD_BYTES = 2_048

/** A character takes two bytes, and the tags and headers are kept as well. */
function sizeOf(name: string, { body, headers, tags }: StoredPage): number {
  let characters = name.length + (tags.length + 1) * 100
  for (const tag of tags) characters += tag.length
  for (const header in headers) characters += String(headers[header]).length
  return OVERHEAD_BYTES + characters * 2 + body.length
}
