import type { AddressInfo } from 'node:net'
import { Server as TlsServer } from 'node:tls'
import type { FastifyInstance } from 'fastify'
import { setPrivateOrigin } from './next/private-origin.js'
import type { NextServer } from './next/server.js'
import type { Settings } from './options.js'

/** The port that Fastify listens on, 0 before: nothing can be sent there by mistake. */
export function portReader({ server }: FastifyInstance): () => number {
  let port = 0
  return () => {
    if (port !== 0) return port
    const address = server.address() as AddressInfo | string | null
    port = typeof address === 'object' ? (address?.port ?? 0) : 0
    return port
  }
}

/** Tells Next the address that is served, as long as it is. */
export function addOrigin(
  fastify: FastifyInstance,
  next: NextServer,
  { hostname, port: ownPort }: Settings
): void {
  const readPort = portReader(fastify)
  let hasClosed = false
  let forget = (): void => {}
  fastify.addHook('onListen', async () => {
    if (hasClosed) return
    const scheme = fastify.server instanceof TlsServer ? 'https' : 'http'
    const host = hostname.includes(':') ? `[${hostname}]` : hostname
    const port = ownPort ?? readPort()
    const origin = `${scheme}://${host}:${port}`
    forget = setPrivateOrigin(origin)
    next.serves({ origin, port })
  })
  fastify.addHook('onClose', async () => {
    hasClosed = true
    forget()
  })
}
