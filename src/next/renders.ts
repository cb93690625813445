import type { IncomingMessage } from 'node:http'
import type { NextPackage } from './load.js'

interface Store<Value> {
  getStore(): Value | undefined
  exit<Result>(call: () => Result): Result
}

interface Renders {
  /** What a render is about, in its async context. */
  workUnitAsyncStorage?: Store<{ renderSignal?: AbortSignal }>
  /** The page that it is part of, for whose sake Next keeps what is fetched. */
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

/** Runs a call that Next is to know nothing of: looking at the clock would end a prerender. */
export function outsideOfRenders<Result>(call: () => Result): Result {
  let run = call
  for (const { workUnitAsyncStorage, workAsyncStorage } of packages.values()) {
    for (const store of [workUnitAsyncStorage, workAsyncStorage]) {
      if (store?.getStore() === undefined) continue
      const inner = run
      run = () => store.exit(inner)
    }
  }
  return run()
}

/** The route of the App Router that runs, as `/blog/[slug]`. */
export function currentRoute(): string | undefined {
  for (const { workAsyncStorage } of packages.values()) {
    const route = workAsyncStorage?.getStore()?.route
    if (typeof route === 'string') return route
  }
  return undefined
}

/** Whether Next is running the app's proxy. */
export function isInProxy(request: IncomingMessage): boolean {
  return metaOf(request).middlewareInvoke === true
}

/** The route to which a request has led, as `/blog/[slug]`. */
export function routeOf(request: IncomingMessage): string | undefined {
  const pathname = metaOf(request).match?.definition?.pathname
  return typeof pathname === 'string' ? pathname : undefined
}

interface Meta {
  match?: { definition?: { pathname?: unknown } }
  middlewareInvoke?: unknown
}

/** next/dist/server/request-meta.js: what Next notes on a request. */
const META = Symbol.for('NextInternalRequestMeta')

function metaOf(request: IncomingMessage): Meta {
  return Object(Reflect.get(request, META))
}
