import type { IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { networkInterfaces } from 'node:os'
import type { Duplex } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import type { Background } from './background.js'
import type { NextServer } from './next/server.js'
import type { Settings } from './options.js'
import type { Readiness } from './readiness.js'

/** The paths of the sockets of hot reloading, below the basePath or the assetPrefix. */
const HOT_RELOAD_PATHS = ['/_next/hmr', '/_next/webpack-hmr'] as const

interface Parts {
  next: NextServer
  readiness: Readiness
  background: Background
}

/**
 * Gives the sockets of hot reloading to Next, and leaves every other one alone. In production there
 * are none, so nothing listens.
 */
export function addHotReload(
  fastify: FastifyInstance,
  { next, readiness, background }: Parts,
  { dev, httpServer }: Settings
): void {
  if (!dev) return
  const { server } = fastify
  const sockets = new Set<Duplex>()
  const prefix = prefixOf(next)
  const paths = HOT_RELOAD_PATHS.map(path => prefix + path)

  function onUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    if (!paths.includes(String(request.url?.split('?', 1)[0]))) return
    sockets.add(socket)
    // Node takes its own listener off a socket that is upgraded.
    socket.on('error', () => {})
    socket.once('close', () => sockets.delete(socket))
    // With a server of the user's, Next listens there itself.
    if (httpServer) return
    readiness
      .wait()
      .then(() => socket.destroyed || background.run(() => next.upgrade(request, socket, head)))
      .catch(() => socket.destroy())
  }

  server.on('upgrade', onUpgrade)
  fastify.addHook('onListen', async () => {
    next.allowedDevOrigins.push(...fastify.addresses().flatMap(hostsOf))
  })
  // Before the server closes: it would wait for them.
  fastify.addHook('preClose', async () => {
    server.off('upgrade', onUpgrade)
    for (const socket of sockets) socket.destroy()
  })
}

/** As next/dist/server/lib/router-server.js has it. */
function prefixOf({ basePath, assetPrefix }: NextServer): string {
  if (assetPrefix === '') return basePath
  const path = URL.canParse(assetPrefix) ? new URL(assetPrefix).pathname : assetPrefix
  return path.replace(/\/+$/, '')
}

/** The host names under which a browser reaches an address that the server listens on. */
function hostsOf(binding: AddressInfo | string): string[] {
  if (typeof binding === 'string') return []
  const { address } = binding
  if (address !== '0.0.0.0' && address !== '::') return [hostOf(address)]
  return Object.values(networkInterfaces()).flatMap(list =>
    (list ?? []).map(({ address }) => hostOf(address))
  )
}

function hostOf(address: string): string {
  return address.includes(':') ? `[${address}]` : address
}
