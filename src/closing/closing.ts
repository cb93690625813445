import { setTimeout as delay } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import { serversOf } from './bindings.js'
import { Connections } from './connections.js'
import { holdClose, stopListening } from './listening.js'
import { acceptWaiting } from './waiting-connections.js'

const LOOK_INTERVAL_MS = 20

interface Delays {
  drainDelay: number
  closeTimeout: number
}

const closings = new WeakMap<FastifyInstance, Closing>()

/** How an instance closes: the same for all plugins on it. */
export function closingOf(fastify: FastifyInstance, delays: Delays): Closing {
  const root = rootOf(fastify)
  const closing = closings.get(root) ?? new Closing(root)
  closings.set(root, closing)
  closing.use(delays)
  return closing
}

/**
 * Closes an instance without losing a request. Fastify's routes answer 503 from the first moment of
 * its own close, before any hook, so all that has to happen first happens in a wrapper around it.
 */
export class Closing {
  readonly connections = new Connections()
  readonly #root: FastifyInstance
  readonly #restoreClose: () => void
  #users = 0
  #drainDelay = 0
  #closeTimeout = 0
  #isListening = false
  #drained: Promise<void> | undefined
  #deadline: number | undefined

  constructor(root: FastifyInstance) {
    this.#root = root
    this.#restoreClose = wrapClose(root, () => this.#drain())
    this.connections.watch(root.server)
    root.addHook('onListen', async () => {
      this.#isListening = true
      for (const server of serversOf(root)) this.connections.watch(server)
    })
  }

  /** Whether `close()` has been called. */
  get hasBegun(): boolean {
    return this.#drained !== undefined || this.#deadline !== undefined
  }

  /** Takes a plugin's wishes into account; the longest delays of all count. */
  use({ drainDelay, closeTimeout }: Delays): void {
    this.#users++
    this.#drainDelay = Math.max(this.#drainDelay, drainDelay)
    this.#closeTimeout = Math.max(this.#closeTimeout, closeTimeout)
  }

  /** Sets the time that is left, and resolves when no request can arrive any more. */
  async begin(): Promise<void> {
    this.#deadline ??= Date.now() + this.#closeTimeout
    // Fastify closes one that others have made to listen after its hooks, or leaves it to them.
    while (!this.#isListening && this.#root.server.listening && this.#users > 0) {
      await delay(LOOK_INTERVAL_MS)
    }
    if (this.#users > 0) await this.connections.closeBy(this.#deadline)
  }

  /** In ms. */
  get left(): number {
    return Math.max(0, (this.#deadline ?? Date.now() + this.#closeTimeout) - Date.now())
  }

  /** Once for each `use()`. */
  release(): void {
    if (--this.#users > 0) return
    this.connections.stop()
    this.#restoreClose()
    closings.delete(this.#root)
  }

  #drain(): Promise<void> {
    this.#drained ??= this.#isListening ? this.#stopServing() : Promise.resolve()
    return this.#drained
  }

  async #stopServing(): Promise<void> {
    const servers = serversOf(this.#root)
    const releases = servers.map(holdClose)
    if (this.#drainDelay > 0) await delay(this.#drainDelay)
    this.connections.closeWithAnswers()
    await acceptWaiting(servers)
    for (const release of releases) release()
    for (const server of servers) stopListening(server)
    const closed = this.begin()
    // Who has told Fastify to cut connections does not want to wait for them.
    if (this.#root.initialConfig.forceCloseConnections !== true) await closed
  }
}

/** `close()` is the root's own, and that of its scopes by inheritance. */
function rootOf(fastify: FastifyInstance): FastifyInstance {
  let root = fastify
  while (!Object.hasOwn(root, 'close')) root = Object.getPrototypeOf(root)
  return root
}

/** Returns a function that puts back what was there. */
function wrapClose(root: FastifyInstance, drain: () => Promise<void>): () => void {
  const original: (callback?: () => void) => unknown = root.close
  function close(this: FastifyInstance, callback?: () => void): unknown {
    // What is no function is for Fastify to refuse.
    if (callback && typeof callback !== 'function') return original.call(this, callback)
    const drained = drain()
    if (!callback) return drained.then(() => original.call(this))
    drained.then(() => original.call(this, callback))
    return this
  }
  root.close = close as FastifyInstance['close']
  return () => {
    if (root.close === close) root.close = original as FastifyInstance['close']
  }
}
