import type { FastifyBaseLogger } from 'fastify'
import { type Call, outsideOfCalls } from '../background.js'
import { currentRoute, outsideOfRenders } from '../next/renders.js'
import { forDevelopers, isError } from './described-error.js'

export type Level = 'error' | 'warn' | 'info' | 'debug'

/** What is to be logged. */
export interface Message {
  text: string
  error?: unknown
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
export function write(call: Call, level: Level, { text, error }: Message): void {
  const message = text === '' && isError(error) ? error.message : text
  if (message === '' && error === undefined) return
  const route = call.request && currentRoute(call.request)
  // Loggers look at the clock, which ends a prerender, and may use the console themselves.
  outsideOfRenders(() =>
    outsideOfCalls(() => {
      const log = childOf(call.log)
      if (level !== 'error' && error === undefined) {
        log[level](message)
        return
      }
      const err = call.dev && isError(error) ? forDevelopers(error) : error
      log[level]({ err, route, digest: digestOf(error) }, message)
    })
  )
}

function childOf(log: FastifyBaseLogger): FastifyBaseLogger {
  const child = children.get(log) ?? log.child({ module: 'next' })
  children.set(log, child)
  return child
}

/** By which the page that a browser shows names the error. */
function digestOf(error: unknown): string | undefined {
  const { digest } = Object(error) as { digest?: unknown }
  return typeof digest === 'string' ? digest : undefined
}
