import { sep } from 'node:path'

/** The directories of the packages of Next: several apps may bring their own. */
const directories = new Set<string>()

/** More than what Node, Next and React put between a caller and the console. */
const FRAMES = 30

/** What is between: Node itself, and the wrappers that Next and React put around the console. */
const BETWEEN = /\bnode:|^ +at console\.|node-environment-extensions[\\/]console-/

/** Makes a package known to `isCalledByNext()`. */
export function addOwnCode(directory: string): void {
  directories.add(directory + sep)
}

/**
 * Whether Next itself has called a function. The async context does not tell: the code of pages and
 * of `instrumentation.js` runs in it, too.
 */
export function isCalledByNext(callee: (...args: never[]) => unknown): boolean {
  const trace = { stack: '' }
  const { stackTraceLimit } = Error
  // Some run Node with a limit of 0.
  Error.stackTraceLimit = FRAMES
  Error.captureStackTrace(trace, callee)
  Error.stackTraceLimit = stackTraceLimit
  const caller = String(trace.stack)
    .split('\n')
    .find((line, index) => index > 0 && !BETWEEN.test(line))
  return [...directories].some(directory => caller?.includes(directory))
}
