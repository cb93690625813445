import { setTimeout as delay } from 'node:timers/promises'

/** What a process has printed: the lines of its log, and all others. */
export function linesOf(output: string): { log: Logged[]; others: string[] } {
  const lines = output.split('\n').filter(line => line !== '')
  const isLogged = (line: string) => line.startsWith('{"level":')
  return {
    log: lines.filter(isLogged).map(line => JSON.parse(line)),
    others: lines.filter(line => !isLogged(line))
  }
}

/** A line of the log about Next. */
export interface Logged {
  level: number
  msg: string
  module?: string
  reqId?: string
  route?: string
  digest?: string
  err?: { type: string; message: string; stack: string; digest?: string }
}

const LOOK_INTERVAL_MS = 20

/** Resolves when a process has printed what a pattern matches, in `bound` ms at most. */
export async function untilPrinted(
  server: { output(): string },
  pattern: RegExp,
  bound = 60_000
): Promise<void> {
  const deadline = performance.now() + bound
  while (!pattern.test(server.output())) {
    if (performance.now() > deadline) throw new Error(`${pattern} was not printed`)
    await delay(LOOK_INTERVAL_MS)
  }
}
