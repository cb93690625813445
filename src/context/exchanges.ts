import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { SharedSet } from '../shared-set.js'

/** A request of Fastify's and its reply. */
export interface Exchange {
  readonly request: FastifyRequest
  readonly reply: FastifyReply
  readonly fastify: FastifyInstance
}

/** Where a reply keeps its exchange, once a page has asked for it. */
export const kExchange = Symbol('fastify-next.exchange')

declare module 'fastify' {
  interface FastifyReply {
    [kExchange]: Exchange | null
  }
}

/** Lets replies keep them. */
export function addExchanges(fastify: FastifyInstance): void {
  fastify.decorateReply(kExchange, null)
}

/** Each finds the exchange that the current code works for, if it is one of its own. */
export const exchangeFinders = new SharedSet<() => Exchange | undefined>('exchanges')

export function currentExchange(): Exchange | undefined {
  for (const find of exchangeFinders) {
    const exchange = find()
    if (exchange) return exchange
  }
  return undefined
}
