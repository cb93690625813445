import type { AddressInfo } from 'node:net'
import { networkInterfaces } from 'node:os'
import type { FastifyInstance } from 'fastify'
import type { NextServer } from './next/server.js'

const ANY_IPV4 = '0.0.0.0'
const ANY = '::'

/**
 * Lets pages use Next's development server under the addresses that Fastify listens on. Next knows
 * `localhost` and `hostname`, and refuses hot reloading to every other: block-cross-site-dev.js.
 */
export function allowListeningOrigins(fastify: FastifyInstance, next: NextServer): void {
  fastify.addHook('onListen', async () => {
    next.allowedDevOrigins.push(...fastify.addresses().flatMap(hostsOf))
  })
}

/** The host names, as in a URL, under which a browser reaches what the server is bound to. */
function hostsOf(binding: AddressInfo | string): string[] {
  if (typeof binding === 'string') return []
  return [binding.address, ...addressesOf(binding.address)].map(address =>
    address.includes(':') ? `[${address}]` : address
  )
}

/** What an address that stands for all of this machine stands for. */
function addressesOf(bound: string): string[] {
  if (bound !== ANY && bound !== ANY_IPV4) return []
  return Object.values(networkInterfaces())
    .flatMap(list => list ?? [])
    .filter(({ family }) => bound === ANY || family === 'IPv4')
    .map(({ address }) => address)
}
