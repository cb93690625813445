import type { Test } from 'tap'

/** Has the console note what it prints, for the time of a test. */
export function notedConsole(t: Test) {
  const printed: unknown[][] = []
  for (const name of ['log', 'error'] as const) {
    const before = Object.getOwnPropertyDescriptor(console, name) as PropertyDescriptor
    t.teardown(() => Object.defineProperty(console, name, before))
    console[name] = (...args: unknown[]) => void printed.push(args)
  }
  return printed
}
