import type { FastifyInstance, FastifyReply } from 'fastify'
import type { Settings } from '../options.js'
import type { Headers } from './headers.js'

/** Where a reply keeps its times, if they are to be told. */
const kTiming = Symbol('fastify-next.timing')

interface Timing {
  /** When Next or the memory was asked, by `performance.now()`. */
  readonly askedAt: number
  /** What Fastify had taken by then, in ms. */
  readonly fastify: number
}

declare module 'fastify' {
  interface FastifyReply {
    [kTiming]: Timing | null
  }
}

/** The option `serverTiming`. */
export function addServerTiming(fastify: FastifyInstance, { serverTiming }: Settings): void {
  if (!serverTiming) return
  fastify.decorateReply(kTiming, null)
  // Without one, and without logs of requests, Fastify takes no time: `setupResponseListeners()`.
  fastify.addHook('onResponse', (_request, _reply, done) => done())
}

export function beginTiming(reply: FastifyReply): void {
  reply[kTiming] = { askedAt: performance.now(), fastify: reply.elapsedTime }
}

/**
 * Adds to the headers of an answer how long it has taken, if that is to be told.
 * @param before what hooks have set on the reply
 * @see https://www.w3.org/TR/server-timing/
 */
export function addTiming(
  reply: FastifyReply,
  by: 'next' | 'memory',
  headers: Headers,
  before: Headers
): Headers {
  const timing = reply[kTiming]
  if (!timing) return headers
  const asked = performance.now() - timing.askedAt
  const others = [before['server-timing'] ?? [], headers['server-timing'] ?? []].flat()
  const times = [`fastify;dur=${timing.fastify.toFixed(2)}`, `${by};dur=${asked.toFixed(2)}`]
  return { ...headers, 'server-timing': [...others, ...times].join(', ') }
}
