import type { FastifyInstance } from 'fastify'
import type { Background } from '../background.js'
import type { NextServer } from '../next/server.js'
import type { Settings } from '../options.js'
import type { Readiness } from '../readiness.js'
import { ownUpgrades } from './gate.js'
import { hotReload } from './hot-reload.js'
import { routeUpgrades } from './routed.js'
import { alignSecondServers } from './second-servers.js'
import type { Sockets } from './sockets.js'

interface Parts {
  next: NextServer
  readiness: Readiness
  background: Background
  sockets: Sockets
}

/**
 * Gives Next the upgrades that are its own: in development the sockets of hot reloading, and with
 * `websocketRewrites` what its rewrites lead elsewhere. In production without those there are none,
 * so nothing listens, and Node takes an upgrade that nobody listens for for an ordinary request.
 */
export function addUpgrades(
  fastify: FastifyInstance,
  parts: Parts,
  { dev, websocketRewrites }: Settings
): void {
  const { sockets } = parts
  alignSecondServers(fastify)
  if (!dev && !websocketRewrites) return
  let disown = (): void => {}
  // Before Fastify listens, and not on a server of an instance that does not come to that.
  fastify.addHook('onReady', async () => {
    disown = ownUpgrades(fastify.server, {
      ...(dev ? hotReload(parts, sockets) : NONE),
      route: websocketRewrites ? routeUpgrades(fastify) : undefined
    })
  })
  // Before the server closes: it would wait for them.
  fastify.addHook('preClose', async () => {
    disown()
    sockets.destroy()
  })
}

const NONE = { paths: [], take: () => {} }
