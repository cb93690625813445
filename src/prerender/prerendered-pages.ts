import type { IncomingMessage } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { IsFresh } from '../next/freshness.js'
import type { PageObserver } from '../next/page-cache.js'
import { routeOf } from '../next/renders.js'
import type { Headers } from '../response/headers.js'
import type { Tally } from '../tally.js'
import { isKept, nameOf, pathOf } from './page-request.js'
import type { PageRules } from './page-rules.js'
import { type Lookup, PageVisit } from './page-visit.js'
import { entryOf, FOR_EVER, isForAll, isWithoutLifetime } from './storable.js'
import { now, type StoredPage, sendPage, staleFrom } from './stored-page.js'
import { StoredPages } from './stored-pages.js'

/** Why Next was asked: see `NextStats`. */
export type PagesTally = Tally<'off' | 'request' | 'absent' | 'expired' | 'stale' | 'conditional'>

/** After so long somebody else has Next renew a page. */
const RENEWAL_MS = 5_000

interface Parts {
  tally: PagesTally
  maxBytes: number
  /** Of the request whose call of Next this is. */
  currentLookups(): Lookup[] | undefined
  rules: PageRules
  /** Whether it can't be heard what other processes do. */
  isIsolated(): boolean
  isFresh: IsFresh | undefined
}

/** Answers of Next's, kept for as long as Next would give them again. */
export class PrerenderedPages implements PageObserver {
  readonly #pages: StoredPages
  readonly #parts: Parts
  #changes = 0

  constructor(parts: Parts) {
    this.#pages = new StoredPages(parts.maxBytes)
    this.#parts = parts
  }

  /**
   * Answers in Next's place. Else Next is to be asked, and the visit, if there is one, is to be shown
   * what it answers.
   */
  answer(request: FastifyRequest, reply: FastifyReply): 'answered' | PageVisit | undefined {
    const { rules, isFresh, isIsolated, tally } = this.#parts
    const { raw } = request
    const name = nameOf(raw)
    if (name === undefined || rules.isHtmlLimited?.(raw.headers['user-agent'])) {
      tally.misses.request++
      return undefined
    }
    const page = this.#pages.get(name)
    if (page === undefined) {
      tally.misses.absent++
      return this.#visitBy(raw, name)
    }
    const time = now()
    if (time >= page.lifetime.usable || (isIsolated() && !isOfKnownAge(page, time))) {
      this.#pages.delete(name)
      tally.misses.expired++
      return this.#visitBy(raw, name)
    }
    const isStale = time > page.lifetime.fresh
    if (isStale && renews(raw) && this.#pages.beginRenewal(page, time, RENEWAL_MS)) {
      tally.misses.stale++
      return this.#renewalBy(raw, name, page, reply)
    }
    if (!sendPage(request, reply, isStale ? staleFrom(page) : page, isFresh)) {
      tally.misses.conditional++
      return undefined
    }
    tally.hits++
    return 'answered'
  }

  /** What the kept answers take, at the most. */
  get bytes(): number {
    return this.#pages.bytes
  }

  lookUp(): ReturnType<PageObserver['lookUp']> {
    const lookups = this.#parts.currentLookups()
    const changes = this.#changes
    return entry => void lookups?.push({ entry, changes })
  }

  changed(key: string): void {
    this.#changes++
    this.#pages.deleteKey(key)
  }

  revalidated(tags: readonly string[]): void {
    this.#changes++
    this.#pages.deleteTags(tags)
  }

  missed(): void {
    this.#changes++
    this.#pages.clear()
  }

  #visitBy(raw: IncomingMessage, name: string): PageVisit {
    const accept = isKept(raw) ? this.#accept : () => undefined
    return new PageVisit(raw, pathOf(String(raw.url)), name, accept)
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
    const origin = this.#originOf(visit, headers)
    return origin && ((body: Buffer) => this.#keep(visit, origin, headers, body))
  }

  /** Where an answer comes from that may be kept. */
  #originOf(visit: PageVisit, headers: Headers): Origin | undefined {
    const { rules } = this.#parts
    const { lookups, name, path } = visit
    const isDescribed = rules.isDescribed(path)
    if (!isForAll(headers, name) || rules.isConcerned(path)) return undefined
    if (lookups.length === 0) {
      if (!rules.isAutomatic(path) || !isWithoutLifetime(headers)) return undefined
      return { cacheKey: path, tags: [], isForGetOnly: isDescribed, lifetime: FOR_EVER }
    }
    const entry = entryOf(visit, headers)
    // A rewrite has led elsewhere otherwise, or Next has another idea of whose page this is.
    if (entry === undefined || entry.path !== rules.pageOf(path)) return undefined
    const { key: cacheKey, tags, isRoute } = entry
    // A route handler answers these requests in a way of its own.
    return { cacheKey, tags, isForGetOnly: isRoute || isDescribed, lifetime: entry }
  }

  #keep(
    { request, lookups, name }: PageVisit,
    origin: Origin,
    headers: Headers,
    body: Buffer
  ): void {
    const [lookup, ...others] = lookups
    // What has changed since Next has looked may be this page.
    if (others.length > 0 || (lookup && lookup.changes !== this.#changes)) return
    const route = routeOf(request)
    const own = { headers: ownHeaders(headers, body), body: ownCopy(body) }
    this.#pages.set(name, { ...origin, route, ...own })
  }
}

/** Whether a page is what it should be, if nothing was done to it but to let it grow old. */
function isOfKnownAge({ lifetime }: StoredPage, time: number): boolean {
  return lifetime === FOR_EVER || (lifetime.fresh !== FOR_EVER.fresh && time <= lifetime.fresh)
}

type Origin = Omit<StoredPage, 'route' | 'headers' | 'body'>

/** For the others Next renews nothing: next/dist/server/route-modules/route-module.js. */
function renews({ headers }: IncomingMessage): boolean {
  return headers.purpose !== 'prefetch' && headers['next-router-prefetch'] !== '1'
}

/** With the length in its place before the coding: Next sends what it codes in chunks. */
function ownHeaders(headers: Headers, body: Buffer): Headers {
  const { 'content-encoding': coding, ...others } = headers
  const all = { ...others, 'content-length': String(body.length), 'content-encoding': coding }
  const own = Object.entries(all)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => [name, Array.isArray(value) ? value.map(ownText) : ownText(value)])
  return Object.fromEntries(own)
}

/** In one piece, which Node writes at once, and no part of a longer text. What is kept is ASCII. */
function ownText<Value>(value: Value): Value | string {
  return typeof value === 'string' ? Buffer.from(value, 'latin1').toString('latin1') : value
}

/** What Node hands out may be a small part of a large buffer. */
function ownCopy(body: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(body.length)
  body.copy(copy)
  return copy
}
