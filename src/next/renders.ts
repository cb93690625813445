import type { IncomingMessage } from 'node:http'
import type { NextPackage } from './load.js'

interface Store<Value> {
  getStore(): Value | undefined
  exit<Result>(call: () => Result): Result
}

interface Renders {
  /** What a render is about, in its async context. */
  workUnitAsyncStorage?: Store<{ renderSignal?: AbortSignal }>
  workAsyncStorage?: Store<{ route?: unknown }>
}

/** By directory: several apps may bring their own. */
const packages = new Map<string, Renders>()

/** Makes the renders of a package of Next known here. After its `node-environment` is loaded. */
export function addRenders({ directory, load }: NextPackage): void {
  if (packages.has(directory)) return
  const renders: Renders = {}
  for (const id of ['work-async-storage', 'work-unit-async-storage']) {
    try {
      Object.assign(renders, load(`next/dist/server/app-render/${id}.external`))
    } catch {
      // Then nothing is known of them.
    }
  }
  packages.set(directory, renders)
}

/**
 * Whether what has just been rejected is what a prerender leaves behind that Next has aborted. It
 * expects many of those, and its filter would keep them out of the log.
 */
export function isOfAbortedPrerender(): boolean {
  for (const { workUnitAsyncStorage } of packages.values()) {
    if (workUnitAsyncStorage?.getStore()?.renderSignal?.aborted) return true
  }
  return false
}

/** Runs a call that may look at the clock, which ends a prerender. */
export function outsideOfRenders<Result>(call: () => Result): Result {
  let run = call
  for (const { workUnitAsyncStorage: store } of packages.values()) {
    if (store?.getStore() === undefined) continue
    const inner = run
    run = () => store.exit(inner)
  }
  return run()
}

/** The route of Next that runs, as `/blog/[slug]`, or else the one that a request has come to. */
export function currentRoute(request: IncomingMessage): string | undefined {
  for (const { workAsyncStorage } of packages.values()) {
    const route = workAsyncStorage?.getStore()?.route
    if (typeof route === 'string') return route
  }
  return routeOf(request)
}

/** next/dist/server/request-meta.js: of the Pages Router nothing else is known. */
const META = Symbol.for('NextInternalRequestMeta')

function routeOf(request: IncomingMessage): string | undefined {
  const { match } = Object(Reflect.get(request, META)) as {
    match?: { definition?: { pathname?: unknown } }
  }
  const pathname = match?.definition?.pathname
  return typeof pathname === 'string' ? pathname : undefined
}
