import type { FastifyBaseLogger, FastifyReply, FastifyRequest } from 'fastify'
import { type Exchange, exchangeFinders, kExchange } from './context/exchanges.js'
import { pageInstance } from './context/page-instance.js'
import type { NextErrorListener } from './instrumentation/error-reporters.js'
import type { Lookup } from './prerender/page-visit.js'
import { openReply } from './response/open-reply.js'
import { running, runWith } from './running.js'
import { within } from './within.js'

/** Whose calls of Next these are. */
interface Owner {
  readonly log: FastifyBaseLogger
  readonly dev: boolean
  readonly onNextError?: NextErrorListener | undefined
}

/** A call of Next, for what it has to say. */
export interface Call extends Owner {
  /** To the request that it is about. */
  readonly reply: FastifyReply | undefined
  /** The same without a request. */
  readonly ofApp: Call
  /** Has `close()` wait for it. */
  waitUntil(promise: Promise<unknown>): void
}

/** Runs calls of Next. */
export type Run = <Result>(call: () => Result) => Result

interface WaitingContext {
  waitUntil(promise: Promise<unknown>): void
}

interface RequestContextProvider {
  get(): WaitingContext | undefined
}

/** Where Next looks for `waitUntil`: the "after" reference of Next documents it for platforms. */
const PROVIDER = Symbol.for('@next/request-context')
const registry = globalThis as { [PROVIDER]?: RequestContextProvider | undefined }
let users = 0

/** Whether this code runs in a call of Next, or has been started by one. */
export function isWithinNext(): boolean {
  return running().call !== undefined
}

/** The call of Next that this code runs in, or by which it has been started. */
export function currentCall(): Call | undefined {
  return running().call
}

/** The work that an app goes on with after its answers: `after()` and background renewal. */
export interface Background {
  /** What the app itself has to say. */
  readonly call: Call
  /** Lets Next find the contexts of `run()`, until `release()`. */
  provide(): void
  /** Runs a call of Next so that its background work is known here. */
  readonly run: Run
  /** The same for the calls that a request takes. */
  runFor(reply: FastifyReply, lookups?: Lookup[]): Run
  /** Where what the current call looks up is noted, if it is. */
  currentLookups(): Lookup[] | undefined
  /** Whether this code runs in such a call, or has been started by one. */
  isCurrent(): boolean
  /** How much of it is under way. */
  readonly tasks: number
  /** Waits for the background work, for `timeout` ms at most, and resolves to whose work is left. */
  settle(timeout: number): Promise<string[]>
  release(): void
}

/**
 * Collects the background work of one app. Without it Next keeps the work itself, in a place that
 * its first close shuts for the life of the process: every page would fail after a second start.
 */
export function collectBackground(owner: Owner): Background {
  const pending: Pending = new Map()
  const ofApp = new RequestContext(pending, owner)
  const runIn = (context: RequestContext): Run => {
    return call => runWith({ call: context }, call)
  }
  let isProvided = false
  return {
    call: ofApp,
    provide() {
      isProvided = true
      if (users++ === 0) restore = install()
    },
    run: runIn(ofApp),
    runFor: (reply, lookups) =>
      runIn(new RequestContext(pending, owner, { reply, lookups, ofApp })),
    currentLookups() {
      const { call } = running()
      return call?.pending === pending ? call.lookups : undefined
    },
    get tasks() {
      return pending.size
    },
    isCurrent: () => running().call?.pending === pending,
    async settle(timeout) {
      const deadline = performance.now() + timeout
      while (pending.size > 0 && performance.now() < deadline) {
        await within(Promise.all(pending.keys()), deadline - performance.now())
      }
      return [...pending.values()].map(nameOf)
    },
    release() {
      if (isProvided && --users === 0) restore()
      isProvided = false
    }
  }
}

type Pending = Map<Promise<unknown>, FastifyRequest | undefined>

/** What a context is about, besides its app. */
interface About {
  reply?: FastifyReply
  lookups?: Lookup[] | undefined
  ofApp?: Call
}

/** What Next finds of the call that it runs in. */
export class RequestContext implements WaitingContext, Call {
  readonly pending: Pending
  readonly ofApp: Call
  readonly lookups: Lookup[] | undefined
  readonly reply: FastifyReply | undefined
  readonly #owner: Owner

  constructor(pending: Pending, owner: Owner, { reply, lookups, ofApp }: About = {}) {
    this.pending = pending
    this.lookups = lookups
    this.#owner = owner
    this.reply = reply
    this.ofApp = ofApp ?? this
  }

  get dev(): boolean {
    return this.#owner.dev
  }

  get log(): FastifyBaseLogger {
    return (this.reply?.request ?? this.#owner).log
  }

  get onNextError(): NextErrorListener | undefined {
    return this.#owner.onNextError
  }

  /** What pages ask for. */
  get exchange(): Exchange | undefined {
    const reply = this.reply
    if (reply === undefined) return undefined
    reply[kExchange] ??= {
      request: reply.request,
      reply: openReply(reply),
      fastify: pageInstance(reply.server)
    }
    return reply[kExchange]
  }

  /** Next takes it off its object. */
  readonly waitUntil = (promise: Promise<unknown>): void => {
    const tracked: Promise<unknown> = Promise.resolve(promise)
      .catch(() => {})
      .finally(() => this.pending.delete(tracked))
    this.pending.set(tracked, this.reply?.request)
  }
}

/** Without the query, which may hold secrets. */
function nameOf(request: FastifyRequest | undefined): string {
  return request ? `${request.method} ${request.url.split('?', 1)[0]}` : 'the start'
}

let restore = (): void => {}

function install(): () => void {
  const before = registry[PROVIDER]
  const provider: RequestContextProvider = { get: () => running().call ?? before?.get() }
  registry[PROVIDER] = provider
  const withdraw = exchangeFinders.add(() => running().call?.exchange)
  return () => {
    withdraw()
    if (registry[PROVIDER] !== provider) return
    if (before) registry[PROVIDER] = before
    else delete registry[PROVIDER]
  }
}
