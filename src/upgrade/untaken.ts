import type { Duplex } from 'node:stream'
import { refuse } from './refuse.js'

/** That of engine.io, which closes in the same way what it leaves to others (`destroyUpgradeTimeout`). */
const BOUND_MS = 1000

/** Refuses the sockets that none of those who hear of an upgrade takes: they would stay open for ever. */
export class Untaken {
  readonly #timers = new Set<NodeJS.Timeout>()

  /** Call it before the others hear of the socket, and what it returns after that. */
  watch(socket: Duplex): () => void {
    const before = stateOf(socket)
    const isUntouched = (): boolean => stateOf(socket) === before
    return () => {
      if (!isUntouched()) return
      const timer = setTimeout(() => {
        this.#timers.delete(timer)
        if (isUntouched()) refuse(socket, 404)
      }, BOUND_MS)
      timer.unref()
      this.#timers.add(timer)
    }
  }

  stop(): void {
    for (const timer of this.#timers) clearTimeout(timer)
    this.#timers.clear()
  }
}

/**
 * What changes when somebody answers a socket, reads it or so much as listens to it, as for its errors
 * while they ask who the client is.
 */
function stateOf(socket: Duplex & { bytesWritten?: number }): string {
  const listeners = socket.eventNames().map(name => [String(name), socket.listenerCount(name)])
  const { bytesWritten, destroyed, writableEnded, readableFlowing } = socket
  return JSON.stringify([bytesWritten, destroyed, writableEnded, readableFlowing, listeners])
}
