import type { FastifyBaseLogger } from 'fastify'
import type { Call } from '../background.js'
import type { NextErrorContext } from '../instrumentation/error-reporters.js'
import { currentRoute } from '../next/renders.js'
import { outsideOfNext } from '../outside-of-next.js'
import { digestOf, forDevelopers, isError } from './described-error.js'

export type Level = 'error' | 'warn' | 'info' | 'debug'

/** What is to be logged. */
export interface Message {
  text: string
  error?: unknown
  /** What else is known of the error. */
  context?: NextErrorContext | undefined
}

const children = new WeakMap<FastifyBaseLogger, FastifyBaseLogger>()

/**
 * Whether nothing takes the errors: Fastify's place holder for a logger (`abstract-logging`) has a
 * function of this name for all levels, and pino for those below its own.
 */
export function takesNoErrors({ error }: FastifyBaseLogger): boolean {
  return error.name === 'noop'
}

/** Logs what a call of Next has to say, with the request and the route that it is about. */
export function write(call: Call, level: Level, { text, error, context }: Message): void {
  const message = text === '' && isError(error) ? error.message : text
  if (message === '' && error === undefined) return
  const route = routeOf(call)
  // Loggers look at the clock, which ends a prerender, and may use the console themselves.
  outsideOfNext(() => {
    const log = childOf(call.log)
    if (level !== 'error' && error === undefined) {
      log[level](message)
      return
    }
    const err = call.dev && isError(error) ? forDevelopers(error) : error
    log[level]({ err, ...(context ?? { route, digest: digestOf(error) }) }, message)
  })
}

/** The pattern of Next's route that a call is about. */
export function routeOf({ reply }: Call): string | undefined {
  return reply && (currentRoute() ?? reply.request.nextRoute)
}

function childOf(log: FastifyBaseLogger): FastifyBaseLogger {
  const child = children.get(log) ?? log.child({ module: 'next' })
  children.set(log, child)
  return child
}
