import { AsyncLocalStorage } from 'node:async_hooks'
import { within } from './within.js'

interface RequestContext {
  waitUntil(promise: Promise<unknown>): void
}

interface RequestContextProvider {
  get(): RequestContext | undefined
}

/** Where Next looks for `waitUntil`: the "after" reference of Next documents it for platforms. */
const PROVIDER = Symbol.for('@next/request-context')
const registry = globalThis as { [PROVIDER]?: RequestContextProvider | undefined }
const contexts = new AsyncLocalStorage<RequestContext>()
let users = 0

/** The work that an app goes on with after its answers: `after()` and background renewal. */
export interface Background {
  /** Lets Next find the contexts of `run()`, until `release()`. */
  provide(): void
  /** Runs a call of Next so that its background work is known here. */
  run<Result>(call: () => Result): Result
  /** Waits for the background work, for `timeout` ms at most, and resolves to what is left of it. */
  settle(timeout: number): Promise<number>
  release(): void
}

/**
 * Collects the background work of one app. Without it Next keeps the work itself, in a place that
 * its first close shuts for the life of the process: every page would fail after a second start.
 */
export function collectBackground(): Background {
  const pending = new Set<Promise<unknown>>()
  let isProvided = false
  const context: RequestContext = {
    waitUntil(promise) {
      const tracked: Promise<unknown> = Promise.resolve(promise)
        .catch(() => {})
        .finally(() => pending.delete(tracked))
      pending.add(tracked)
    }
  }
  return {
    provide() {
      isProvided = true
      if (users++ === 0) restore = install()
    },
    run: call => contexts.run(context, call),
    async settle(timeout) {
      const deadline = Date.now() + timeout
      while (pending.size > 0 && Date.now() < deadline) {
        await within(Promise.all(pending), deadline - Date.now())
      }
      return pending.size
    },
    release() {
      if (isProvided && --users === 0) restore()
      isProvided = false
    }
  }
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
