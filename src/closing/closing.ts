import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import { within } from '../within.js'
import { isListening, serversOf } from './bindings.js'
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
  #hasListened = false
  readonly #onBegun: (() => void)[] = []
  readonly #onClosed: (() => void)[] = []
  #drained: Promise<void> | undefined
  #deadline: number | undefined

  constructor(root: FastifyInstance) {
    this.#root = root
    this.#restoreClose = wrapClose(root, this)
    this.connections.watch(root.server)
    root.addHook('onListen', async () => {
      if (this.#users === 0) return
      this.#hasListened = true
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
    this.#deadline ??= performance.now() + this.#closeTimeout
    for (const callback of this.#onBegun.splice(0)) callback()
    // Fastify closes one that others have made to listen after its hooks, or leaves it to them.
    while (!this.#isListening && this.#root.server.listening && this.#users > 0) {
      await delay(LOOK_INTERVAL_MS)
    }
    if (this.#users > 0) await this.connections.closeBy(this.#deadline)
  }

  /** In ms. */
  get left(): number {
    const now = performance.now()
    return Math.max(0, (this.#deadline ?? now + this.#closeTimeout) - now)
  }

  /** Once for each `use()`. */
  release(): void {
    if (--this.#users > 0) return
    this.connections.stop()
    this.#restoreClose()
    closings.delete(this.#root)
    // A start that has failed is closed past the wrapper.
    if (this.#drained === undefined) setImmediate(() => this.end())
  }

  /** Runs a call when what has arrived is waited for, and nothing else. */
  whenBegun(callback: () => void): void {
    this.#onBegun.push(callback)
  }

  /** Runs a call when Fastify has closed, after the hooks of all plugins. */
  whenClosed(callback: () => void): void {
    this.#onClosed.push(callback)
  }

  /** What has to happen before Fastify's own close. */
  drain(): Promise<void> {
    this.#drained ??= this.#isListening ? this.#stopServing() : Promise.resolve()
    return this.#drained
  }

  /** Resolves when what had arrived is answered, or cut. */
  async answered(): Promise<void> {
    if (!this.#isListening) await within(this.connections.idle(), this.left)
    else if (!(await within(this.connections.quiet(), this.left))) this.connections.cut()
  }

  /** Fastify has closed. */
  end(): void {
    for (const callback of this.#onClosed.splice(0)) callback()
  }

  get #isListening(): boolean {
    return isListening(this.#root) ?? this.#hasListened
  }

  async #stopServing(): Promise<void> {
    const servers = serversOf(this.#root)
    for (const server of servers) this.connections.watch(server)
    const releases = servers.map(holdClose)
    if (this.#drainDelay > 0) await delay(this.#drainDelay)
    this.connections.closeWithAnswers()
    await acceptWaiting(servers)
    for (const server of servers) stopListening(server)
    const closed = this.begin()
    // Who has told Fastify to cut connections does not want to wait for them.
    if (this.#root.initialConfig.forceCloseConnections !== true) await closed
    // A server without connections says that it is closed after this turn.
    await nextTurn()
    for (const release of releases) release()
  }
}

/** `close()` is the root's own, and that of its scopes by inheritance. */
export function rootOf(fastify: FastifyInstance): FastifyInstance {
  const parent: FastifyInstance = Object.getPrototypeOf(fastify)
  return 'close' in parent ? rootOf(parent) : fastify
}

/** Returns a function that puts back what was there. */
function wrapClose(root: FastifyInstance, closing: Closing): () => void {
  const original: (callback?: () => void) => unknown = root.close
  function close(this: FastifyInstance, callback?: () => void): unknown {
    // What is no function is for Fastify to refuse.
    if (callback && typeof callback !== 'function') return original.call(this, callback)
    const drained = closing.drain()
    const closed = drained.then(() => original.call(this)).finally(() => closing.end())
    if (!callback) return closed
    drained.then(() => original.call(this, callback))
    // The callback is told of the error.
    closed.catch(() => {})
    return this
  }
  root.close = close as FastifyInstance['close']
  return () => {
    if (root.close === close) root.close = original as FastifyInstance['close']
  }
}
