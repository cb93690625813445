import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { FST_NEXT_DEV_SERVER_RUNNING } from '../errors.js'
import type { LoadedConfig } from './config.js'
import type { NextPackage } from './load.js'

/** How long a process that is being replaced may take to end. */
const WAIT_MS = 5_000
const LOOK_INTERVAL_MS = 20

/** `next/dist/build/lockfile.js` */
interface Lockfile {
  tryAcquire(path: string, unlockOnExit: boolean): { unlockSync(): void } | undefined
}

/**
 * Waits until no other process runs the development server of a directory. Next itself would wait
 * for a second and then end the process, whatever else Fastify serves in it.
 * @param isClosed asked while waiting
 * @throws FST_NEXT_DEV_SERVER_RUNNING
 */
export async function waitForLock(
  next: NextPackage,
  { dir, distDir }: { dir: string; distDir: string },
  config: LoadedConfig | undefined,
  isClosed: () => boolean
): Promise<void> {
  const path = join(distDir, 'lock')
  // Who gives a lock back removes its file, and few have one at a start.
  if (!existsSync(path)) return
  const { lockDistDir, useWasmBinary } = Object(config?.values.experimental) as Experimental
  const lockfile = lockDistDir === false ? undefined : await loadLockfile(next, useWasmBinary)
  if (lockfile === undefined) return
  const deadline = performance.now() + WAIT_MS
  while (!isClosed()) {
    const lock = lockfile.tryAcquire(path, false)
    if (lock !== undefined) return lock.unlockSync()
    if (performance.now() > deadline) throw new FST_NEXT_DEV_SERVER_RUNNING(dir, ownerOf(path))
    await delay(LOOK_INTERVAL_MS)
  }
}

interface Experimental {
  lockDistDir?: boolean
  useWasmBinary?: boolean
}

async function loadLockfile(
  next: NextPackage,
  useWasmBinary: boolean | undefined
): Promise<Lockfile | undefined> {
  try {
    const { Lockfile } = next.load('next/dist/build/lockfile') as { Lockfile?: Lockfile }
    const { installBindings } = next.load('next/dist/build/swc/install-bindings') as {
      installBindings(useWasmBinary: boolean | undefined): Promise<void>
    }
    await installBindings(useWasmBinary)
    return typeof Lockfile?.tryAcquire === 'function' ? Lockfile : undefined
  } catch {
    // Next takes the lock by itself, with its own message.
    return undefined
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
