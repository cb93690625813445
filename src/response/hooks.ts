import type { FastifyInstance, onRouteHookHandler, onSendHookHandler } from 'fastify'
import type { ChosenHead } from './chosen-head.js'

/** Where a reply keeps the answer that Next is writing for it. */
export const kAnswer = Symbol('fastify-next.answer')
/** Where a reply keeps whether it has become an error. */
export const kHasFailed = Symbol('fastify-next.hasFailed')

/** What a reply is about to leave with that is Next's. */
export interface ReplyAnswer {
  /** Whether Next has yet to answer. */
  readonly isPending: boolean
  /** Whether the answer has been given to the reply. */
  readonly isLeaving: boolean
  /** What the page has set on the reply, if there is one. */
  readonly chosen?: ChosenHead
  /** The route's last look at what leaves, after the user's `onSend` hooks. */
  beforeSend(payload: unknown): void
  /** Drops all of Next's answer from a reply that is about to become an error. */
  giveWayTo(error: unknown): void
}

declare module 'fastify' {
  interface FastifyReply {
    [kAnswer]: ReplyAnswer | null
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
