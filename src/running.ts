import { AsyncLocalStorage } from 'node:async_hooks'
import type { RequestContext } from './background.js'
import type { Part } from './next/split-state.js'

/** What the current code is part of, or has been started by. */
interface Running {
  /** The call of Next. */
  readonly call?: RequestContext | undefined
  /** The app's part of Next's state. */
  readonly part?: Part | undefined
}

/**
 * A single one: before Node 24 each costs some time for every promise and callback of the process, be
 * they of routes that have nothing to do with Next.
 */
const storage = new AsyncLocalStorage<Running>()
const NOTHING: Running = {}

export function running(): Running {
  return storage.getStore() ?? NOTHING
}

export function runWith<Result>(changes: Running, code: () => Result): Result {
  return storage.run({ ...running(), ...changes }, code)
}
