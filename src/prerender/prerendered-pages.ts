import type { IncomingMessage } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { IsFresh } from '../next/freshness.js'
import type { PageObserver } from '../next/page-cache.js'
import type { Headers } from '../response/headers.js'
import { isKept, nameOf, pathOf } from './page-request.js'
import type { PageRules } from './page-rules.js'
import { type Lookup, PageVisit } from './page-visit.js'
import { entryOf, FOR_EVER, isForAll, isWithoutLifetime } from './storable.js'
import { now, type StoredPage, sendPage, staleFrom } from './stored-page.js'
import { StoredPages } from './stored-pages.js'

/** After so long somebody else has Next renew a page. */
const RENEWAL_MS = 5_000

interface Parts {
  maxBytes: number
  /** Of the request whose call of Next this is. */
  currentLookups(): Lookup[] | undefined
  rules: PageRules
  isFresh: IsFresh | undefined
  /** Is called once, when Next turns out to look elsewhere for its pages. */
  onUnseen(): void
}

/** Answers of Next's, kept for as long as Next would give them again. */
export class PrerenderedPages implements PageObserver {
  readonly #pages: StoredPages
  readonly #parts: Parts
  #changes = 0
  #sight: 'unknown' | 'seen' | 'unseen' = 'unknown'

  constructor(parts: Parts) {
    this.#pages = new StoredPages(parts.maxBytes)
    this.#parts = parts
  }

  /**
   * Answers in Next's place. Else Next is to be asked, and the visit, if there is one, is to be shown
   * what it answers.
   */
  answer(request: FastifyRequest, reply: FastifyReply): 'answered' | PageVisit | undefined {
    const { rules, isFresh } = this.#parts
    const { raw } = request
    const name = nameOf(raw)
    if (name === undefined || rules.isHtmlLimited?.(raw.headers['user-agent'])) return undefined
    const page = this.#pages.get(name)
    if (page === undefined) return this.#visitBy(raw, name)
    const time = now()
    if (time >= page.lifetime.usable) {
      this.#pages.delete(name)
      return this.#visitBy(raw, name)
    }
    const isStale = time > page.lifetime.fresh
    if (isStale && renews(raw) && this.#pages.beginRenewal(page, time, RENEWAL_MS)) {
      return this.#renewalBy(raw, name, page, reply)
    }
    return sendPage(request, reply, isStale ? staleFrom(page) : page, isFresh)
      ? 'answered'
      : undefined
  }

  lookUp(): ReturnType<PageObserver['lookUp']> {
    this.#sight = 'seen'
    const lookups = this.#parts.currentLookups()
    const changes = this.#changes
    return entry => void lookups?.push({ entry, changes })
  }

  changed(key: string): void {
    this.#changes++
    this.#pages.deleteKey(key)
  }

  unknown(): void {
    this.#changes++
    this.#pages.clear()
  }

  revalidated(tags: readonly string[]): void {
    this.#changes++
    this.#pages.deleteTags(tags)
  }

  #visitBy(raw: IncomingMessage, name: string): PageVisit {
    const accept = isKept(raw) ? this.#accept : () => undefined
    return new PageVisit(pathOf(String(raw.url)), name, accept)
  }

  #renewalBy(raw: IncomingMessage, name: string, page: StoredPage, reply: FastifyReply): PageVisit {
    const visit = this.#visitBy(raw, name)
    reply.raw.once('close', () => {
      // The client has left before Next began; with an answer Next may have been at it already.
      if (visit.lookups.length === 0 && !visit.isAnswered) this.#pages.endRenewal(page)
    })
    return visit
  }

  readonly #accept = (visit: PageVisit, headers: Headers) => {
    this.#checkSight(visit, headers)
    if (!this.#isStorable(visit, headers)) return undefined
    return (body: Buffer) => this.#keep(visit, headers, body)
  }

  #isStorable(visit: PageVisit, headers: Headers): boolean {
    const { rules } = this.#parts
    if (!isForAll(headers, visit.name) || rules.isConcerned(visit.path)) return false
    if (visit.lookups.length === 0)
      return rules.isAutomatic(visit.path) && isWithoutLifetime(headers)
    const entry = entryOf(visit, headers)
    // A rewrite has led elsewhere otherwise, or Next has another idea of whose page this is.
    return entry !== undefined && entry.path === rules.pageOf(visit.path)
  }

  #keep({ lookups, name, path }: PageVisit, headers: Headers, body: Buffer): void {
    const [lookup, ...others] = lookups
    // What has changed since Next has looked may be this page.
    if (others.length > 0 || (lookup && lookup.changes !== this.#changes)) return
    const entry = lookup?.entry
    this.#pages.set(name, {
      cacheKey: entry?.key ?? path,
      tags: entry?.tags ?? [],
      isRoute: entry?.isRoute ?? false,
      lifetime: entry ?? FOR_EVER,
      headers: withLength(headers, body),
      body: ownCopy(body)
    })
  }

  #checkSight({ path }: PageVisit, headers: Headers): void {
    if (this.#sight !== 'unknown' || headers['x-nextjs-cache'] === undefined) return
    const { rules } = this.#parts
    if (rules.isConcerned(path) || !rules.isPrerendered(rules.pageOf(path))) return
    this.#sight = 'unseen'
    this.#parts.onUnseen()
  }
}

/** For the others Next renews nothing: next/dist/server/route-modules/route-module.js. */
function renews({ headers }: IncomingMessage): boolean {
  return headers.purpose !== 'prefetch' && headers['next-router-prefetch'] !== '1'
}

/** In its place before the coding: Next sends what it codes in chunks. */
function withLength(headers: Headers, body: Buffer): StoredPage['headers'] {
  const { 'content-encoding': coding, ...others } = headers
  return {
    ...others,
    'content-length': String(body.length),
    ...(coding !== undefined && { 'content-encoding': coding })
  }
}

/** What Node hands out may be a small part of a large buffer. */
function ownCopy(body: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(body.length)
  body.copy(copy)
  return copy
}
