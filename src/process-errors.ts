import { AsyncResource } from 'node:async_hooks'
import { sep } from 'node:path'
import type { FastifyBaseLogger, FastifyInstance } from 'fastify'
import { type Background, isWithinNext } from './background.js'
import { isOfAbortedPrerender, watchErrorListeners } from './next/error-listeners.js'

interface App {
  background: Background
  /** The directory of its code. */
  distDir: string
  report(message: string, error: unknown): void
}

type EventName = string | symbol
type Emit = (event: EventName, ...args: unknown[]) => boolean

const MESSAGES = new Map<EventName, string>([
  ['uncaughtException', 'Uncaught exception in Next.js'],
  ['unhandledRejection', 'Unhandled rejection in Next.js']
])

const apps = new Set<App>()
let restore = (): void => {}

/**
 * Has the errors that nobody catches in Next treated as Next does, which is to log them and go on:
 * a promise that a page awaits late, or never, is nothing unusual there. All other errors take the
 * way that they have in a process without Next.
 */
export function addErrorTreatment(
  fastify: FastifyInstance,
  parts: { background: Background; next: { distDir: string } },
  { dev }: { dev: boolean }
): void {
  const { background, next } = parts
  // Outside of Next's context: to look at the clock, as loggers do, ends a prerender.
  const report = AsyncResource.bind(reporter(fastify.log, dev))
  const app: App = { background, report, distDir: next.distDir + sep }
  fastify.addHook('onReady', async () => {
    if (apps.size === 0) restore = intercept()
    apps.add(app)
  })
  fastify.addHook('onClose', async () => {
    if (apps.delete(app) && apps.size === 0) restore()
  })
}

/**
 * A listener could not do it: with one more, Node would not end the process for an error of
 * Fastify's, and those of others, which may shut the server down, would be told of Next's.
 */
function intercept(): () => void {
  const { emit } = process
  const isOwn = Object.hasOwn(process, 'emit')
  const listeners = watchErrorListeners(isWithinNext)
  const treated = new WeakSet<object>()

  function emitOrTreat(this: unknown, event: EventName, ...args: unknown[]): boolean {
    const pass = (): boolean => Reflect.apply(emit as Emit, this, [event, ...args])
    if (event === 'rejectionHandled') {
      return treated.has(args[0] as object) || listeners.emitToOthers(event, pass)
    }
    const asked = event === 'uncaughtExceptionMonitor' ? 'uncaughtException' : event
    const message = MESSAGES.get(asked)
    if (message === undefined || apps.size === 0) return pass()
    const [error, promise] = args
    const app = appOf(error)
    if (app === undefined) return listeners.emitToOthers(asked, pass)
    // Monitors may look for listeners, to know whether the process ends.
    if (asked !== event) return pass()
    if (event === 'unhandledRejection') {
      treated.add(promise as object)
      if (isOfAbortedPrerender()) return true
    }
    app.report(message, error)
    listeners.emitToApps(event, args)
    return true
  }

  Reflect.set(process, 'emit', emitOrTreat)
  return () => {
    listeners.stop()
    // Else somebody else has replaced it since, and calls this one, which lets everything pass.
    if (process.emit !== emitOrTreat) return
    if (isOwn) process.emit = emit
    else Reflect.deleteProperty(process, 'emit')
  }
}

/** The app that an error comes from. Node emits it in the async context in which it was left. */
function appOf(error: unknown): App | undefined {
  const open = [...apps]
  // What runs in the context of an app that has been closed is still Next's.
  if (isWithinNext()) return open.find(({ background }) => background.isCurrent()) ?? open[0]
  // Code of a page that listens to the request itself, or before Node 24 runs as a microtask, is
  // called outside of it.
  const frames = error instanceof Error ? String(error.stack).match(/^ +at .+$/gm) : undefined
  return open.find(({ distDir }) => frames?.some(frame => frame.includes(distDir)))
}

function reporter(log: FastifyBaseLogger, dev: boolean): App['report'] {
  // Without the option `logger` Fastify's does nothing, and in development Next has the console
  // show the place in the source.
  if (dev || log.level === undefined) {
    return (message, error) => console.error(`${message}:`, error)
  }
  return (message, error) => log.error({ err: error }, message)
}
