import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Background } from './background.js'
import { limitBody } from './bodies.js'
import type { Connections } from './connections.js'
import type { NextServer } from './next/server.js'
import type { Readiness } from './readiness.js'
import { Answer, type Handle } from './response/answer.js'
import { hasLeft } from './response/connection-response.js'
import { kAnswer } from './response/hooks.js'

/** Asks Next to answer a request; the answer leaves through the reply. */
export type Ask = (request: FastifyRequest, reply: FastifyReply, bodyLimit?: number) => void

interface Parts {
  next: NextServer
  readiness: Readiness
  background: Background
  connections: Connections
}

export function asker({ next, readiness, background, connections }: Parts): Ask {
  const handle: Handle = (request, response) => background.run(() => next.handle(request, response))

  return function ask(request, reply, bodyLimit) {
    // The client may have left while hooks were running.
    if (hasLeft(reply.raw)) return
    connections.add(request.raw, reply.raw)
    const answer = new Answer(request, reply)
    reply[kAnswer] = answer
    if (bodyLimit !== undefined) {
      limitBody(request, bodyLimit, error => {
        // The rest of the body is not read, so the connection can't be used again.
        if (request.raw.httpVersionMajor === 1) reply.header('connection', 'close')
        reply.raw.once('close', () => request.raw.destroy())
        answer.fail(error)
      })
    }
    if (readiness.isReady) answer.ask(handle)
    else readiness.wait().then(() => answer.ask(handle), answer.fail.bind(answer))
  }
}
