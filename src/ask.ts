import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Background } from './background.js'
import { limitBody, revealContentType } from './bodies.js'
import type { NextServer } from './next/server.js'
import type { Readiness } from './readiness.js'
import { Answer, type Handle } from './response/answer.js'
import { kAnswer } from './response/hooks.js'

/** Asks Next to answer a request; the answer leaves through the reply. */
export type Ask = (request: FastifyRequest, reply: FastifyReply, bodyLimit?: number) => void

export function asker(next: NextServer, readiness: Readiness, background: Background): Ask {
  const handle: Handle = (request, response) => background.run(() => next.handle(request, response))

  return function ask(request, reply, bodyLimit) {
    // The client may have left while hooks were running.
    if (reply.raw.destroyed) return
    revealContentType(request)
    const answer = new Answer(request, reply)
    reply[kAnswer] = answer
    if (bodyLimit !== undefined) {
      limitBody(request, bodyLimit, error => {
        // The rest of the body is not read, so the connection can't be used again.
        if (request.raw.httpVersionMajor === 1) reply.header('connection', 'close')
        answer.fail(error)
      })
    }
    if (readiness.isReady) answer.ask(handle)
    else readiness.wait().then(() => answer.ask(handle), answer.fail.bind(answer))
  }
}
