import { AsyncLocalStorage } from 'node:async_hooks'
import { within } from './within.js'

interface RequestContext {
  waitUntil(promise: Promise<unknown>): void
}

/** What a call of Next is about. */
interface Subject {
  readonly method: string
  readonly url: string
}

/** Runs calls of Next. */
export type Run = <Result>(call: () => Result) => Result

interface RequestContextProvider {
  get(): RequestContext | undefined
}

/** Where Next looks for `waitUntil`: the "after" reference of Next documents it for platforms. */
const PROVIDER = Symbol.for('@next/request-context')
const registry = globalThis as { [PROVIDER]?: RequestContextProvider | undefined }
const contexts = new AsyncLocalStorage<Context>()
let users = 0

/** Whether this code runs in a call of Next, or has been started by one. */
export function isWithinNext(): boolean {
  return contexts.getStore() !== undefined
}

/** The work that an app goes on with after its answers: `after()` and background renewal. */
export interface Background {
  /** Lets Next find the contexts of `run()`, until `release()`. */
  provide(): void
  /** Runs a call of Next so that its background work is known here. */
  readonly run: Run
  /** The same for the calls that a request takes. */
  runFor(request: Subject): Run
  /** Whether this code runs in such a call, or has been started by one. */
  isCurrent(): boolean
  /** Waits for the background work, for `timeout` ms at most, and resolves to whose work is left. */
  settle(timeout: number): Promise<string[]>
  release(): void
}

/**
 * Collects the background work of one app. Without it Next keeps the work itself, in a place that
 * its first close shuts for the life of the process: every page would fail after a second start.
 */
export function collectBackground(): Background {
  const pending: Pending = new Map()
  const runIn = (context: Context): Run => {
    return call => contexts.run(context, call)
  }
  let isProvided = false
  return {
    provide() {
      isProvided = true
      if (users++ === 0) restore = install()
    },
    run: runIn(new Context(pending)),
    runFor: request => runIn(new Context(pending, request)),
    isCurrent: () => contexts.getStore()?.pending === pending,
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

type Pending = Map<Promise<unknown>, Subject | undefined>

class Context implements RequestContext {
  readonly pending: Pending
  readonly #subject: Subject | undefined

  constructor(pending: Pending, subject?: Subject) {
    this.pending = pending
    this.#subject = subject
  }

  /** Next takes it off its object. */
  readonly waitUntil = (promise: Promise<unknown>): void => {
    const tracked: Promise<unknown> = Promise.resolve(promise)
      .catch(() => {})
      .finally(() => this.pending.delete(tracked))
    this.pending.set(tracked, this.#subject)
  }
}

/** Without the query, which may hold secrets. */
function nameOf(subject: Subject | undefined): string {
  return subject ? `${subject.method} ${subject.url.split('?', 1)[0]}` : 'the start'
}

let restore = (): void => {}

function install(): () => void {
  const before = registry[PROVIDER]
  const provider: RequestContextProvider = { get: () => contexts.getStore() ?? before?.get() }
  registry[PROVIDER] = provider
  return () => {
    if (registry[PROVIDER] !== provider) return
    if (before) registry[PROVIDER] = before
    else delete registry[PROVIDER]
  }
}
