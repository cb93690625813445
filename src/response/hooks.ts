import type { onRouteHookHandler, onSendHookHandler, RouteOptions } from 'fastify'
import type { Answer } from './answer.js'

/** Where a reply keeps the answer that Next is writing for it. */
export const kAnswer = Symbol('fastify-next.answer')

declare module 'fastify' {
  interface FastifyReply {
    [kAnswer]: Answer | null
  }
}

const beforeSend: onSendHookHandler = (_request, reply, payload, done) => {
  reply[kAnswer]?.beforeSend(payload)
  done(null, payload)
}

/** An `onRoute` hook: gives a route the last of its `onSend` hooks. */
export const appendBeforeSend: onRouteHookHandler = options => {
  options.onSend = [options.onSend ?? [], beforeSend].flat()
}

/** The error handler of a route: takes Next's answer off the reply, then calls the route's own. */
export function answerErrorHandler(
  own: RouteOptions['errorHandler']
): RouteOptions['errorHandler'] {
  return function giveWay(error, request, reply) {
    reply[kAnswer]?.giveWayTo(error)
    if (own) return own.call(this, error, request, reply)
    // On to the error handler of the scope.
    throw error
  }
}
