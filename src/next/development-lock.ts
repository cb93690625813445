import { AsyncLocalStorage } from 'node:async_hooks'
import { readFileSync, writeFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { FST_NEXT_DEV_SERVER_RUNNING, FST_NEXT_PREPARE_ABANDONED } from '../errors.js'
import type { NextPackage } from './load.js'

/** How long a process that is being replaced may take to end. */
const WAIT_MS = 5_000
const LOOK_INTERVAL_MS = 20

/** Where an app is served. */
export interface Address {
  origin: string
  port: number
}

type Acquire = (
  path: string,
  processName: string,
  unlockOnExit?: boolean,
  content?: string,
  ...rest: unknown[]
) => Promise<object>

/** `next/dist/build/lockfile.js` */
interface Lockfile {
  tryAcquire(path: string, unlockOnExit?: boolean, content?: string): object | undefined
  acquireWithRetriesOrExit: Acquire
}

interface Patch {
  users: number
  restore(): void
}

const patches = new Map<Lockfile, Patch>()
const starting = new AsyncLocalStorage<DevelopmentLock>()

/**
 * The lock of a directory in which a development server runs. Next itself would wait for it for a
 * second and then end the process, whatever else Fastify serves in it.
 */
export class DevelopmentLock {
  readonly #dir: string
  readonly #isClosed: () => boolean
  #address: Address | undefined
  #held: { path: string; content: string } | undefined

  /** @param isClosed asked while waiting */
  constructor(dir: string, isClosed: () => boolean) {
    this.#dir = dir
    this.#isClosed = isClosed
  }

  /**
   * Starts a development server, with this in place of Next's own waiting.
   * @throws FST_NEXT_DEV_SERVER_RUNNING
   */
  async whileStarting(next: NextPackage, start: () => Promise<void>): Promise<void> {
    const lockfile = lockfileOf(next)
    if (lockfile === undefined) return start()
    const patch = patches.get(lockfile) ?? patchAcquire(lockfile)
    patches.set(lockfile, patch)
    patch.users++
    try {
      await starting.run(this, start)
    } finally {
      if (--patch.users === 0) {
        patches.delete(lockfile)
        patch.restore()
      }
    }
  }

  /** Waits until no other process runs the development server of the directory. */
  async acquire(
    lockfile: Lockfile,
    ...[path, , unlockOnExit, content]: Parameters<Acquire>
  ): Promise<object> {
    const deadline = performance.now() + WAIT_MS
    while (!this.#isClosed()) {
      const described = content && this.#describe(content)
      const lock = lockfile.tryAcquire(path, unlockOnExit, described)
      if (lock !== undefined) {
        if (described) this.#held = { path, content: described }
        return lock
      }
      if (performance.now() > deadline) {
        throw new FST_NEXT_DEV_SERVER_RUNNING(this.#dir, ownerOf(path))
      }
      await delay(LOOK_INTERVAL_MS)
    }
    throw new FST_NEXT_PREPARE_ABANDONED()
  }

  /**
   * Corrects what the lock says of the server. It was taken before Fastify knew its port, and
   * `next dev` and the tools of Next name the URL that they find there.
   */
  serves(address: Address): void {
    this.#address = address
    if (this.#held === undefined) return
    const { path, content } = this.#held
    try {
      // The file is not to be made again, and has to be one JSON text whichever is longer.
      writeFileSync(path, this.#describe(content).padEnd(content.length), { flag: 'r+' })
    } catch {
      // The system lets nobody write what is locked, or the server is closing: it is only a hint.
    }
  }

  #describe(content: string): string {
    if (this.#address === undefined) return content
    const { origin, port } = this.#address
    const { hostname } = new URL(origin)
    try {
      return JSON.stringify({ ...JSON.parse(content), port, hostname, appUrl: origin })
    } catch {
      // Another version of Next says it in another way.
      return content
    }
  }
}

function lockfileOf(next: NextPackage): Lockfile | undefined {
  try {
    const { Lockfile } = next.load('next/dist/build/lockfile') as { Lockfile: Lockfile }
    const { tryAcquire, acquireWithRetriesOrExit } = Lockfile
    const isKnown = [tryAcquire, acquireWithRetriesOrExit].every(
      method => typeof method === 'function'
    )
    return isKnown ? Lockfile : undefined
  } catch {
    // Next takes the lock by itself, with its own message.
    return undefined
  }
}

function patchAcquire(lockfile: Lockfile): Patch {
  const { acquireWithRetriesOrExit } = lockfile
  lockfile.acquireWithRetriesOrExit = async (...args) => {
    const lock = starting.getStore()
    return lock ? lock.acquire(lockfile, ...args) : acquireWithRetriesOrExit.apply(lockfile, args)
  }
  return {
    users: 0,
    restore() {
      lockfile.acquireWithRetriesOrExit = acquireWithRetriesOrExit
    }
  }
}

/** Names the process that has a lock, as far as it has said. */
function ownerOf(path: string): string {
  try {
    const { pid } = JSON.parse(readFileSync(path, 'utf8')) as { pid?: unknown }
    return Number.isInteger(pid) ? `process ${pid}` : 'another process'
  } catch {
    return 'another process'
  }
}
