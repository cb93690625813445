import { AsyncLocalStorage } from 'node:async_hooks'
import type { NextPackage } from './load.js'

interface Watcher {
  watch(...args: unknown[]): unknown
  close(): void
}

interface Patch {
  users: number
  restore(): void
}

const patches = new Map<Watcher, Patch>()
const collections = new AsyncLocalStorage<Set<Watcher>>()

/**
 * The watchers of an app's directories, which the development server creates when it starts and
 * never closes: setup-dev-bundler.js. They would keep the process alive.
 */
export class DirectoryWatchers {
  readonly #watchers = new Set<Watcher>()

  /** Starts a development server, and remembers its watchers. */
  async collect(next: NextPackage, start: () => Promise<void>): Promise<void> {
    const prototype = prototypeOfWatchers(next)
    if (prototype === undefined) return start()
    const patch = patches.get(prototype) ?? patchWatch(prototype)
    patches.set(prototype, patch)
    patch.users++
    try {
      await collections.run(this.#watchers, start)
    } finally {
      if (--patch.users === 0) {
        patches.delete(prototype)
        patch.restore()
      }
    }
  }

  close(): void {
    for (const watcher of this.#watchers) watcher.close()
    this.#watchers.clear()
  }
}

function prototypeOfWatchers(next: NextPackage): Watcher | undefined {
  try {
    const { prototype } = next.load('next/dist/compiled/watchpack') as { prototype: Watcher }
    const { watch, close } = prototype
    return typeof watch === 'function' && typeof close === 'function' ? prototype : undefined
  } catch {
    return undefined
  }
}

function patchWatch(prototype: Watcher): Patch {
  const { watch } = prototype
  prototype.watch = function watchAndRemember(this: Watcher, ...args: unknown[]): unknown {
    collections.getStore()?.add(this)
    return watch.apply(this, args)
  }
  return {
    users: 0,
    restore() {
      prototype.watch = watch
    }
  }
}
