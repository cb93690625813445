import { event } from './event.js'

/** A line of Fastify's log. */
export interface Line {
  level: number
  msg: string
  /** Of a child logger. */
  module?: string
  reqId?: string
  req?: { method: string; url: string; remotePort?: number }
  res?: { statusCode: number }
  err?: { message: string }
  responseTime?: number
}

/** The whole lines of the log in what a process has written so far. */
export function linesIn(output: string): Line[] {
  return Array.from(output.matchAll(/^\{.*\}\n/gm), ([line]) => JSON.parse(line))
}

/** A log that is kept, to give to Fastify as `logger`. */
export function keptLog() {
  const lines: Line[] = []
  const waiting = new Set<() => void>()
  const write = (text: string) => {
    lines.push(JSON.parse(text))
    for (const look of waiting) look()
  }

  return {
    logger: { stream: { write } },
    /** Takes all lines out of the log. */
    take: () => lines.splice(0),
    /** Resolves when there is a line with this message. */
    async until(msg: string): Promise<void> {
      const { happened, happen } = event(`"${msg}" in the log`)
      const look = () => {
        if (lines.some(line => line.msg === msg)) happen()
      }
      waiting.add(look)
      look()
      await happened.finally(() => waiting.delete(look))
    }
  }
}
