const EVENTS = ['uncaughtException', 'unhandledRejection', 'rejectionHandled'] as const

/**
 * Next listens for the errors of the whole process from `prepare()` on, and so hides those of a
 * test from tap. The returned function takes away the listeners that were added since.
 */
export function guardProcessListeners(): () => void {
  const listeners = (event: string) => process.listeners(event as 'uncaughtException')
  const before = new Map(EVENTS.map(event => [event, new Set(listeners(event))]))
  return () => {
    for (const event of EVENTS) {
      for (const listener of listeners(event)) {
        if (!before.get(event)?.has(listener)) process.removeListener(event, listener)
      }
    }
  }
}
