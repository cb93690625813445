import type { Server } from 'node:net'
import type { FastifyInstance } from 'fastify'

/** Under this description Fastify keeps the second server that it has for `localhost`. */
const SERVER_BINDINGS = 'fastify.serverBindings'

/**
 * All servers that an instance listens on. Fastify tells the addresses of each, and only of the first
 * one the server; without its list that one is all there is.
 */
export function serversOf(root: FastifyInstance): Server[] {
  const key = Object.getOwnPropertySymbols(root).find(
    ({ description }) => description === SERVER_BINDINGS
  )
  const others: unknown = key && Reflect.get(root, key)
  return [root.server, ...(Array.isArray(others) ? (others as Server[]) : [])]
}
