import { event } from './event.js'

/** A line of Fastify's log. */
export interface Line {
  level: number
  msg: string
  /** Of a child logger. */
  module?: string
  reqId?: string
  req?: { method: string; url: string }
  res?: { statusCode: number }
  responseTime?: number
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
