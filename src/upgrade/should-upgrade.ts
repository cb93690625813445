import type { IncomingMessage, Server } from 'node:http'
import { setOwn } from '../closing/own-property.js'

type ShouldUpgrade = (request: IncomingMessage) => boolean
interface Deciding {
  shouldUpgradeCallback: ShouldUpgrade
}

/**
 * Decides which upgrades a server emits; the others are ordinary requests to it. Returns a function
 * that ends this, `undefined` for a Node that has no `shouldUpgradeCallback` (before 22.21 and 24.9).
 * @param decide is told what the server would do
 */
export function decideUpgrades(
  server: Server,
  decide: (request: IncomingMessage, before: ShouldUpgrade) => boolean
): (() => void) | undefined {
  if (!isDeciding(server)) return undefined
  const before = server.shouldUpgradeCallback.bind(server)
  return setOwn(server, 'shouldUpgradeCallback', request => decide(request, before))
}

/** Whether a server would emit an upgrade. */
export function shouldUpgrade(server: Server, request: IncomingMessage): boolean {
  return isDeciding(server)
    ? server.shouldUpgradeCallback(request)
    : server.listenerCount('upgrade') > 0
}

function isDeciding(server: Server): server is Server & Deciding {
  return typeof (server as Partial<Deciding>).shouldUpgradeCallback === 'function'
}
