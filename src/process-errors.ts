import { sep } from 'node:path'
import type { FastifyInstance } from 'fastify'
import { type Background, type Call, currentCall, isWithinNext } from './background.js'
import type { Closing } from './closing/closing.js'
import { takesNoErrors, write } from './logs/write.js'
import { watchErrorListeners } from './next/error-listeners.js'
import { isOfAbortedPrerender } from './next/renders.js'
import { type EventName, interceptEmit } from './process-emit.js'
import { realPath } from './real-path.js'

interface App {
  background: Background
  /** The directory of its code, as it is named in stacks. */
  codeDirs: string[]
  report(message: string, error: unknown): void
}

interface Parts {
  background: Background
  next: { distDir: string }
  closing: Closing
}

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
  { background, next, closing }: Parts
): void {
  const report = reporter(background.call)
  fastify.addHook('onReady', async () => {
    // Node names the files that it loads by their real path, and Next those of Edge functions by this.
    const codeDirs = [realPath(next.distDir), next.distDir].map(dir => dir + sep)
    const app: App = { background, report, codeDirs }
    if (apps.size === 0) restore = intercept()
    apps.add(app)
    // Not `onClose`: the pools that end in the hooks of plugins before this reject what pages await.
    closing.whenClosed(() => {
      if (apps.delete(app) && apps.size === 0) restore()
    })
  })
}

/**
 * A listener could not do it: with one more, Node would not end the process for an error of
 * Fastify's, and those of others, which may shut the server down, would be told of Next's.
 */
function intercept(): () => void {
  const listeners = watchErrorListeners(isWithinNext)
  const treated = new WeakSet<object>()

  const restoreEmit = interceptEmit((event, args, pass) => {
    if (event === 'rejectionHandled') {
      return treated.has(args[0] as object) || listeners.emitToOthers(event, pass)
    }
    const asked = event === 'uncaughtExceptionMonitor' ? 'uncaughtException' : event
    const message = MESSAGES.get(asked)
    if (message === undefined) return pass()
    const [error, promise] = args
    const app = appOf(error)
    if (app === undefined) return listeners.emitToOthers(asked, pass)
    // Monitors may look for listeners, to know whether the process ends.
    if (asked !== event) return pass()
    if (event === 'unhandledRejection') {
      // Libraries emit it, too, and not all with a promise.
      if (isObject(promise)) treated.add(promise)
      if (isOfAbortedPrerender()) return true
    }
    app.report(message, error)
    listeners.emitToApps(event, args)
    return true
  })
  return () => {
    listeners.stop()
    restoreEmit()
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
  return open.find(({ codeDirs }) =>
    frames?.some(frame => codeDirs.some(dir => frame.includes(dir)))
  )
}

function isObject(value: unknown): value is object {
  return Object(value) === value
}

function reporter(call: Call): App['report'] {
  // Without the option `logger` nobody would know of it.
  if (takesNoErrors(call.log)) return (message, error) => console.error(`${message}:`, error)
  return (text, error) => {
    const current = currentCall()
    // The `logLevel` of a route is about what its requests say, not the process.
    const isHeard = current !== undefined && !takesNoErrors(current.log)
    write(isHeard ? current : call, 'error', { text, error })
  }
}
