import type { onSendHookHandler, RouteOptions } from 'fastify'
import type { Answer } from './answer.js'

/** Where a reply keeps the answer that Next is writing for it. */
export const kAnswer = Symbol('fastify-next.answer')

declare module 'fastify' {
  interface FastifyReply {
    [kAnswer]: Answer | null
  }
}

/** Adds to a route what Next's answer needs of its hooks, after those that the route has. */
export function withAnswerHooks(options: RouteOptions): RouteOptions {
  const { errorHandler, onSend = [] } = options
  return {
    ...options,
    onSend: [onSend, beforeSend].flat(),
    errorHandler(error, request, reply) {
      reply[kAnswer]?.giveWayTo(error)
      if (errorHandler) return errorHandler.call(this, error, request, reply)
      // On to the error handler of the scope.
      throw error
    }
  }
}

const beforeSend: onSendHookHandler = (_request, reply, payload, done) => {
  reply[kAnswer]?.beforeSend(payload)
  done(null, payload)
}
