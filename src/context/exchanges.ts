import type { FastifyReply, FastifyRequest } from 'fastify'

/** A request of Fastify's and its reply. */
export interface Exchange {
  readonly request: FastifyRequest
  readonly reply: FastifyReply
}

/** Finds the exchange that the current code works for. */
export type FindExchange = () => Exchange | undefined

/** Bundlers make copies of this module, which have only `globalThis` in common. */
const REGISTRY = Symbol.for('fastify-next.exchanges')
const registry = globalThis as { [REGISTRY]?: Set<FindExchange> }

/** Lets pages find their exchanges, until what is returned is called. */
export function provideExchanges(find: FindExchange): () => void {
  const finders = registry[REGISTRY] ?? new Set()
  registry[REGISTRY] = finders.add(find)
  return () => {
    finders.delete(find)
    if (finders.size === 0 && registry[REGISTRY] === finders) delete registry[REGISTRY]
  }
}

export function currentExchange(): Exchange | undefined {
  for (const find of registry[REGISTRY] ?? []) {
    const exchange = find()
    if (exchange) return exchange
  }
  return undefined
}
