import type { Server } from 'node:http'
import type { FastifyInstance } from 'fastify'
import { serversOf } from '../closing/bindings.js'
import { rootOf } from '../closing/closing.js'
import { decideUpgrades, shouldUpgrade } from './should-upgrade.js'

/**
 * For `localhost` Fastify opens a server for each address, and has the others pass every upgrade on
 * to the first one: where nobody listens there, it would stay without an answer. Without a listener
 * of its own a server takes it for an ordinary request, as the first one does.
 */
export function alignSecondServers(fastify: FastifyInstance): void {
  const root = rootOf(fastify)
  const stops: (() => void)[] = []
  fastify.addHook('onListen', async () => {
    const [first, ...others] = serversOf(root)
    for (const other of others as Server[]) {
      const decide = decideUpgrades(other, request => shouldUpgrade(first as Server, request))
      stops.push(decide ?? align(other, first as Server))
    }
  })
  fastify.addHook('preClose', async () => {
    for (const stop of stops) stop()
  })
}

/** Has a server listen for upgrades while the first one does. */
function align(other: Server, first: Server): () => void {
  const passOn = other.listeners('upgrade') as ((...args: unknown[]) => void)[]
  const set = (isHeard: boolean): void => {
    for (const listener of passOn) {
      other.off('upgrade', listener)
      if (isHeard) other.on('upgrade', listener)
    }
  }
  const onAdd = (event: string | symbol): void => {
    if (event === 'upgrade') set(true)
  }
  const onRemove = (event: string | symbol): void => {
    if (event === 'upgrade') set(first.listenerCount('upgrade') > 0)
  }
  first.on('newListener', onAdd)
  first.on('removeListener', onRemove)
  set(first.listenerCount('upgrade') > 0)
  return () => {
    first.off('newListener', onAdd)
    first.off('removeListener', onRemove)
  }
}
