import type { FastifyInstance, onRouteHookHandler, onSendHookHandler } from 'fastify'
import type { Answer } from './answer.js'

/** Where a reply keeps the answer that Next is writing for it. */
export const kAnswer = Symbol('fastify-next.answer')
/** Where a reply keeps whether it has become an error. */
export const kHasFailed = Symbol('fastify-next.hasFailed')

declare module 'fastify' {
  interface FastifyReply {
    [kAnswer]: Answer | null
    [kHasFailed]: boolean
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

/** Takes Next's answer off every reply that becomes an error, before error handlers see it. */
export function addErrorHook(fastify: FastifyInstance): void {
  fastify.decorateReply(kAnswer, null)
  fastify.decorateReply(kHasFailed, false)
  fastify.addHook('onError', (_request, reply, error, done) => {
    reply[kHasFailed] = true
    reply[kAnswer]?.giveWayTo(error)
    done()
  })
}
