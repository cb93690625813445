import type { IncomingMessage } from 'node:http'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { routeOf } from './next/renders.js'

/** Where a request keeps the one for a page that Next was asked for in its place. */
export const kPageRequest = Symbol('fastify-next.pageRequest')
/** Where a request keeps the route of an answer that Next has given before. */
export const kStoredRoute = Symbol('fastify-next.storedRoute')

declare module 'fastify' {
  interface FastifyRequest {
    [kPageRequest]: IncomingMessage | null
    [kStoredRoute]: string | undefined
  }
}

/** The request that Next works on. */
export function requestForNext(request: FastifyRequest): IncomingMessage {
  return request[kPageRequest] ?? request.raw
}

/** Adds `request.nextRoute`. */
export function addNextRoute(fastify: FastifyInstance): void {
  fastify.decorateRequest(kPageRequest, null)
  fastify.decorateRequest(kStoredRoute, undefined)
  fastify.decorateRequest('nextRoute', {
    getter(this: FastifyRequest) {
      return this[kStoredRoute] ?? routeOf(requestForNext(this))
    }
  })
}
