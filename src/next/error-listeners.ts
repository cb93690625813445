import type { NextPackage } from './load.js'
import { isCalledByNext } from './own-code.js'

type Listener = (...args: unknown[]) => void
type EventName = string | symbol

/** What Next listens to so that a process goes on after the errors of pages. */
const ERROR_EVENTS = new Set<EventName>([
  'uncaughtException',
  'unhandledRejection',
  'rejectionHandled'
])

/** For good: `instrumentation.js` runs once in a process, and its listeners stay. */
const ofApps = new WeakSet<Listener>()

/** The listeners that Next adds to the process, kept apart from everybody else's. */
export interface ErrorListeners {
  /** Emits while Next does not listen to an event. */
  emitToOthers(event: EventName, emit: () => boolean): boolean
  /** Emits an event to the listeners that the code of Next's apps has added. */
  emitToApps(event: EventName, args: unknown[]): void
  /** Takes Next's listeners off the process. */
  stop(): void
}

/**
 * Prepares a package of Next for `watchErrorListeners()`. Before Next is prepared: it would take
 * all listeners for `unhandledRejection` off the process, replace `process.on()` and others for
 * good, and call those listeners itself: unhandled-rejection.external.js.
 */
export function disableRejectionFilter({ load }: NextPackage): void {
  const before = process.env[FILTER]
  process.env[FILTER] = 'disabled'
  try {
    // Read as this is loaded, which has to be the first of Next's server.
    load('next/dist/server/node-environment')
  } catch {
    // A version of Next without it has no such filter.
  } finally {
    if (before === undefined) delete process.env[FILTER]
    else process.env[FILTER] = before
  }
}

const FILTER = 'NEXT_UNHANDLED_REJECTION_FILTER'

/**
 * Tells the listeners of Next from others as they are added.
 * @param isWithinNext whether the code that adds one runs in a call of Next
 */
export function watchErrorListeners(isWithinNext: () => boolean): ErrorListeners {
  const ofNext = new Map<EventName, Listener>()

  // Called before the listener is added.
  function onNewListener(event: EventName, listener: Listener): void {
    if (!ERROR_EVENTS.has(event) || !isWithinNext()) return
    if (!isCalledByNext(process.on)) ofApps.add(listener)
    // One stays, because Next looks for it at each request, and adds it again if it is not there.
    else if (!ofNext.has(event)) ofNext.set(event, listener)
    // The others only say the same: each server that is prepared has one.
    else process.nextTick(() => process.off(event, listener))
  }

  process.on('newListener', onNewListener)
  return {
    emitToOthers(event, emit) {
      const listener = ofNext.get(event)
      if (!listener || !process.listeners(event as 'exit').includes(listener)) return emit()
      process.off(event, listener)
      try {
        return emit()
      } finally {
        process.on(event, listener)
      }
    },
    emitToApps(event, args) {
      for (const listener of process.rawListeners(event)) {
        const { listener: original = listener } = listener as { listener?: Listener }
        if (ofApps.has(original as Listener)) Reflect.apply(listener, process, args)
      }
    },
    stop() {
      process.off('newListener', onNewListener)
      for (const [event, listener] of ofNext) process.off(event, listener)
    }
  }
}
