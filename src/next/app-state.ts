import { running, runWith } from '../running.js'
import type { NextApp } from './app.js'
import type { NextPackage } from './load.js'
import { DEFAULT_MEMORY, type Part, splitState } from './split-state.js'

/** An app's own part of what Next keeps for the whole process. */
export interface AppState {
  /** Whether the app is the first of the process, after `separate()`. */
  readonly isFirst: boolean
  /** The app's names for its Edge functions; Next's own suffice for the first app. */
  readonly edgeNames: Map<string, object> | undefined
  /**
   * Keeps the app apart from the others, as the last step before Next is prepared: an app that
   * fails earlier has no part.
   * @param memory the `cacheMaxMemorySize` of the app
   * @throws FST_NEXT_SEVERAL_APPS_UNSUPPORTED
   */
  separate(next: NextPackage, memory?: number): void
  /** Whether it is a call of this app that runs. */
  isRunning(): boolean
  /** Runs a call of Next on the app's own part. */
  run<Result>(call: () => Result): Result
  /** The app, with all of its calls run so. */
  wrap(app: NextApp): NextApp
}

/** By directory, for the life of the process: what Next has remembered outlives an app's close. */
const parts = new Map<string, Part>()

/**
 * Next keeps pages, their lifetimes, tags, manifests and loaders for the whole process, under keys
 * that don't name an app. The first app has that state as it is, and it is left alone in a process
 * that never has another one. Else it is divided, and the async context tells whose call it is.
 * It stays divided: nothing tells when the last work of an app that is closed has ended, say the
 * renewal of a page, and the page would become the first app's.
 */
export function openAppState(dir: string): AppState {
  const part: Part = parts.get(dir) ?? {
    name: dir,
    isFirst: false,
    memory: DEFAULT_MEMORY,
    values: new Map<PropertyKey, unknown>(),
    edgeNames: new Map<string, object>()
  }
  const state: AppState = {
    get isFirst() {
      return part.isFirst
    },
    get edgeNames() {
      return part.isFirst ? undefined : part.edgeNames
    },
    separate(next, memory = DEFAULT_MEMORY) {
      part.memory = memory
      part.isFirst ||= parts.size === 0
      if (!part.isFirst) {
        const sizes = [...parts.values(), part].map(({ memory }) => memory)
        splitState(next, dir, Math.max(...sizes), firstPart(), currentPart)
      }
      parts.set(dir, part)
    },
    isRunning: () => running().part === part,
    run: call => runWith({ part }, call),
    wrap: app => wrapCalls(app, state.run)
  }
  return state
}

/** Whether it is a call of one of the apps that runs. */
export function isAnyAppRunning(): boolean {
  return running().part !== undefined
}

function firstPart(): Part {
  const [first] = parts.values()
  return first as Part
}

function currentPart(): Part {
  return running().part ?? firstPart()
}

type Method = (...args: unknown[]) => unknown

function wrapCalls(app: NextApp, run: AppState['run']): NextApp {
  // What a call returns may be a handler, which is called later.
  const wrap = (method: Method): Method => {
    return (...args) => {
      const result = run(() => method.apply(app, args))
      return typeof result === 'function' ? wrap(result as Method) : result
    }
  }
  return new Proxy(app, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name)
      return typeof value === 'function' ? wrap(value as Method) : value
    }
  })
}
