import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { AddressInfo } from 'node:net'
import { networkInterfaces } from 'node:os'
import type { FastifyInstance } from 'fastify'
import type { NextServer } from './next/server.js'

const ANY_IPV4 = '0.0.0.0'
const ANY = '::'

/** Documented by Node, which keeps to itself what a server was told to listen on. */
const LISTEN = 'tracing:net.server.listen:asyncStart'

/**
 * Lets pages use Next's development server under the addresses that Fastify listens on. Next knows
 * `localhost` and `hostname`, and refuses hot reloading to every other: block-cross-site-dev.js.
 */
export function allowListeningOrigins(fastify: FastifyInstance, next: NextServer): void {
  const { server } = fastify
  const { allowedDevOrigins } = next
  let isIpv6Only = false
  const onListen = (message: unknown): void => {
    const { server: listening, options } = message as Listen
    if (listening === server) isIpv6Only = options.ipv6Only === true
  }
  const allow = (): void => {
    for (const host of fastify.addresses().flatMap(binding => hostsOf(binding, isIpv6Only))) {
      if (!allowedDevOrigins.includes(host)) allowedDevOrigins.push(host)
    }
  }
  fastify.addHook('onReady', async () => {
    subscribe(LISTEN, onListen)
    // Also when it is told to by somebody else than Fastify.
    server.on('listening', allow)
    if (server.listening) allow()
  })
  // The other servers of `localhost`.
  fastify.addHook('onListen', async () => allow())
  fastify.addHook('preClose', async () => {
    unsubscribe(LISTEN, onListen)
    server.off('listening', allow)
  })
}

interface Listen {
  server: unknown
  options: { ipv6Only?: boolean }
}

/** The host names, as in a URL, under which a browser reaches what the server is bound to. */
function hostsOf(binding: AddressInfo | string, isIpv6Only: boolean): string[] {
  if (typeof binding === 'string') return []
  return [binding.address, ...addressesOf(binding.address, isIpv6Only)].map(address =>
    address.includes(':') ? `[${address}]` : address
  )
}

/** What an address that stands for all of this machine stands for. */
function addressesOf(bound: string, isIpv6Only: boolean): string[] {
  if (bound !== ANY && bound !== ANY_IPV4) return []
  const left = bound === ANY_IPV4 ? 'IPv6' : isIpv6Only && 'IPv4'
  return Object.values(networkInterfaces())
    .flatMap(list => list ?? [])
    .filter(({ family }) => family !== left)
    .map(({ address }) => address)
}
