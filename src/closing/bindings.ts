import type { Server } from 'node:net'
import type { FastifyInstance } from 'fastify'

/** Under these descriptions Fastify keeps what it tells nobody. */
const SERVER_BINDINGS = 'fastify.serverBindings'
const STATE = 'fastify.state'

/**
 * All servers that an instance listens on. Fastify tells the addresses of each, and only of the first
 * one the server; without its list of those for `localhost` that one is all there is.
 */
export function serversOf(root: FastifyInstance): Server[] {
  const others = privateOf(root, SERVER_BINDINGS)
  return [root.server, ...(Array.isArray(others) ? (others as Server[]) : [])]
}

/**
 * Whether it is Fastify that has made the server listen, which else is not Fastify's to close;
 * `undefined` when it does not say. Its `onListen` hooks come one after the other, and may be late.
 */
export function isListening(root: FastifyInstance): boolean | undefined {
  const { listening } = Object(privateOf(root, STATE)) as { listening?: boolean }
  return listening
}

function privateOf(root: FastifyInstance, description: string): unknown {
  const key = Object.getOwnPropertySymbols(root).find(symbol => symbol.description === description)
  return key && Reflect.get(root, key)
}
