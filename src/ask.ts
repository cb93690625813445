import type { IncomingMessage } from 'node:http'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Background } from './background.js'
import { limitBody } from './bodies.js'
import type { Connections } from './closing/connections.js'
import { policyPasser } from './content-security-policy.js'
import { FST_NEXT_REQUEST_FAILED } from './errors.js'
import { forwardedHeaderFilter } from './forwarded-headers.js'
import type { NextServer } from './next/server.js'
import type { Settings } from './options.js'
import type { Lookup } from './prerender/page-visit.js'
import type { Prerendered } from './prerender/prerendered.js'
import type { Readiness } from './readiness.js'
import { Answer, type Handle, type Witness } from './response/answer.js'
import { hasLeft } from './response/connection-response.js'
import { statusOf } from './response/error-status.js'
import { kAnswer } from './response/hooks.js'
import { nextFirst, type Precedence } from './response/precedence.js'
import { beginTiming } from './response/server-timing.js'
import { kPageRequest, kStoredRoute } from './route-of-next.js'
import type { StaticFiles } from './static/static-files.js'
import { headOf } from './upgrade/gate.js'
import { leaveOutUpgrade } from './upgrade/ordinary.js'

/** Asks Next; what it answers leaves through the reply. */
export interface Asker {
  /** Hands the client's request to Next. */
  ask(request: FastifyRequest, reply: FastifyReply, bodyLimit?: number): void
  /** Answers a client's request with what Next says to a request of ours. */
  render(
    reply: FastifyReply,
    request: IncomingMessage,
    precedence: Precedence,
    handle?: Handle
  ): void
  /** Runs a call that has Next write to `reply.raw`, past the reply and its `onSend` hooks. */
  bypass(reply: FastifyReply, call: () => unknown): Promise<unknown>
}

interface Parts {
  next: NextServer
  readiness: Readiness
  background: Background
  connections: Connections
  staticFiles: StaticFiles
  prerendered: Prerendered
}

export function asker(
  { next, readiness, background, connections, staticFiles, prerendered }: Parts,
  fastify: FastifyInstance,
  { dev, serverTiming }: Settings
): Asker {
  const filterForwarded = forwardedHeaderFilter(fastify)
  const passPolicy = policyPasser(fastify.log)
  const noteAsked = serverTiming ? beginTiming : undefined

  function open(
    reply: FastifyReply,
    request: IncomingMessage,
    precedence: Precedence,
    witness?: Witness & { readonly lookups?: Lookup[] }
  ): Answer {
    connections.add(reply, !dev)
    const run = background.runFor(reply, witness?.lookups)
    const answer = new Answer(reply, request, precedence, run, witness)
    reply[kAnswer] = answer
    return answer
  }

  function start(answer: Answer, reply: FastifyReply, handle: Handle): void {
    const handleWithHeaders: Handle = (raw, response) => {
      filterForwarded(reply.request, raw.headers)
      leaveOutUpgrade(raw.headers)
      passPolicy(reply, raw.headers, response)
      return handle(raw, response)
    }
    if (readiness.isReady) answer.ask(handleWithHeaders)
    else readiness.wait().then(() => answer.ask(handleWithHeaders), answer.fail.bind(answer))
  }

  return {
    ask(request, reply, bodyLimit) {
      // The client may have left while hooks were running.
      if (hasLeft(reply.raw)) return
      noteAsked?.(reply)
      const file = staticFiles.answer(request, reply)
      if (file === 'answered') return
      const witness = file ?? prerendered.answer(request, reply)
      if (witness === 'answered') return
      const answer = open(reply, request.raw, nextFirst, witness)
      if (bodyLimit !== undefined) {
        limitBody(request, bodyLimit, error => {
          // The rest of the body is not read, so the connection can't be used again.
          if (request.raw.httpVersionMajor === 1) reply.header('connection', 'close')
          reply.raw.once('close', () => request.raw.destroy())
          answer.fail(error)
        })
      }
      start(answer, reply, next.handle)
    },
    render(reply, request, precedence, handle = next.handle) {
      noteAsked?.(reply)
      reply.request[kPageRequest] = request
      reply.request[kStoredRoute] = undefined
      start(open(reply, request, precedence), reply, handle)
    },
    async bypass(reply, call) {
      if (reply.raw.headersSent || hasLeft(reply.raw)) return undefined
      handOver(reply)
      filterForwarded(reply.request, reply.request.raw.headers)
      // Sockets that Next was handed have an end of their own: upgrade/sockets.ts.
      connections.add(reply, !dev || headOf(reply.request.raw) !== undefined)
      try {
        await readiness.wait()
        return await background.runFor(reply)(call)
      } catch (cause) {
        // Fastify answers no error of a reply that is out of its hands, and who made it so need not
        // wait for this.
        reply.log.error(new FST_NEXT_REQUEST_FAILED({ cause }))
        if (reply.raw.headersSent) reply.raw.destroy()
        else reply.raw.writeHead(statusOf(cause)).end()
        return undefined
      }
    }
  }
}

/** Leaves the answer to whoever writes to `reply.raw`, with the status and headers set so far. */
function handOver(reply: FastifyReply): void {
  for (const [name, value] of Object.entries(reply.getHeaders())) {
    if (value !== undefined) reply.raw.setHeader(name, value)
  }
  reply.hijack()
}
