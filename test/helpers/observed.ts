import type { Test } from 'tap'
import { startApp } from './app-process.js'
import { editable } from './editable.js'
import { builtFixture } from './fixture.js'
import { type Logged, linesOf, untilPrinted } from './printed.js'

/** A first compile on a busy machine. */
const COMPILE_MS = 60_000

/** What is logged of an error that the app's instrumentation reports, and what `onNextError` is told. */
export interface ReportedError extends Omit<Logged, 'msg'> {
  msg?: string
  time: number
  routerKind?: string
  routeType?: string
  renderSource?: string
  revalidateReason?: string
  told?: Omit<ReportedError, 'time'> & { error: unknown }
  req?: { url: string }
  res?: { statusCode: number; route?: string }
}

export interface Span {
  name: string
  traceId: string
  spanId: string
  parentId?: string
  attributes: Record<string, unknown>
}

/** Serves the fixture `observed` from a process of its own, with all that watches what happens. */
export async function startObserved(t: Test, dev: boolean) {
  // Two servers of development can not have one directory.
  const dir = dev ? (await editable(t, 'observed')).dir : await builtFixture('observed')
  const server = await startApp(t, { dir, dev }, 'observed.mjs')
  const until = (pattern: RegExp) => untilPrinted(server, pattern)
  return {
    url: server.url,
    until,
    output: () => server.output(),
    load: (path: string, init: RequestInit = {}) =>
      fetch(server.url + path, { signal: AbortSignal.timeout(COMPILE_MS), ...init }),
    log: () => linesOf(server.output()).log as ReportedError[],
    spans: (): Span[] =>
      [...server.output().matchAll(/^Span (.*)$/gm)].map(([, line]) => JSON.parse(String(line)))
  }
}
