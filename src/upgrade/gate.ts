import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { setOwn } from '../closing/own-property.js'
import { isForWebSocket } from './ordinary.js'
import { readAgain } from './read-again.js'
import { refuse } from './refuse.js'
import { decideUpgrades } from './should-upgrade.js'
import { Untaken } from './untaken.js'

export type OnUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => void

/** An app whose sockets come through the server of an instance. */
export interface Owner {
  /** The paths of its own sockets. */
  readonly paths: readonly string[]
  /** Takes one of its own sockets. */
  readonly take: OnUpgrade
  /** Has Fastify's router answer what nobody else listens for. */
  readonly route?: OnUpgrade | undefined
}

const gates = new WeakMap<Server, Gate>()
const heads = new WeakMap<IncomingMessage, Buffer>()

/**
 * Hands an app its WebSockets, before anybody else hears of them. Returns a function that ends this.
 *
 * The others share the event: each hears of all upgrades, and Node tells nobody whether one of them
 * takes a socket, which it may do late. So where others listen, all that is not an app's is theirs,
 * unless none of them has touched it for a while. Where nobody does, a WebSocket is answered here, and
 * everything else is the ordinary request that Node would take it for if no listener were there.
 */
export function ownUpgrades(server: Server, owner: Owner): () => void {
  const gate = gates.get(server) ?? new Gate(server)
  gates.set(server, gate)
  gate.owners.add(owner)
  return () => {
    if (!gate.owners.delete(owner) || gate.owners.size > 0) return
    gate.close()
    gates.delete(server)
  }
}

/** What has arrived behind the head of an upgrade, `undefined` for other requests. */
export function headOf(request: IncomingMessage): Buffer | undefined {
  return heads.get(request)
}

/** In front of the listeners for `upgrade`: a listener can't keep an event from the others. */
class Gate {
  readonly owners = new Set<Owner>()
  readonly #server: Server
  readonly #emit: Server['emit']
  readonly #restore: () => void
  readonly #leaveDecision: (() => void) | undefined
  readonly #untaken = new Untaken()
  /** Node emits the event only where somebody listens. */
  readonly #listener = (): void => {}

  constructor(server: Server) {
    this.#server = server
    this.#emit = server.emit.bind(server)
    const emit = (event: string, ...args: unknown[]): boolean => {
      // Fastify's other servers of `localhost` go on calling this one.
      if (event !== 'upgrade' || this.owners.size === 0) return this.#emit(event, ...args)
      this.#dispatch(...(args as Parameters<OnUpgrade>))
      return true
    }
    this.#restore = setOwn(server, 'emit', emit as Server['emit'])
    server.on('upgrade', this.#listener)
    this.#leaveDecision = decideUpgrades(server, (request, before) => {
      const isOthers = server.listeners('upgrade').some(listener => listener !== this.#listener)
      return (isOthers || isForWebSocket(request)) && before(request)
    })
  }

  close(): void {
    this.#server.off('upgrade', this.#listener)
    this.#restore()
    this.#leaveDecision?.()
    this.#untaken.stop()
  }

  #dispatch(...upgrade: Parameters<OnUpgrade>): void {
    const [request, socket, head] = upgrade
    if (!isForWebSocket(request)) {
      if (!this.#emitToOthers(upgrade)) readAgain(this.#server, ...upgrade)
      return
    }
    const path = String(request.url?.split('?', 1)[0])
    const owners = [...this.owners]
    const owner = owners.find(({ paths }) => paths.includes(path))
    if (owner) {
      owner.take(...upgrade)
      return
    }
    heads.set(request, head)
    const refuseUntaken = this.#untaken.watch(socket)
    if (this.#emitToOthers(upgrade)) {
      refuseUntaken()
      return
    }
    const { route } = owners.find(({ route }) => route) ?? {}
    if (route) route(...upgrade)
    else refuse(socket, 404)
  }

  /** Whether there are any. Some of them, say `@fastify/http-proxy`, count who else listens. */
  #emitToOthers(upgrade: Parameters<OnUpgrade>): boolean {
    const server = this.#server
    server.off('upgrade', this.#listener)
    try {
      return this.#emit('upgrade', ...upgrade)
    } finally {
      // Once, also when one of them has emitted another.
      server.off('upgrade', this.#listener)
      if (this.owners.size > 0) server.on('upgrade', this.#listener)
    }
  }
}
