import type { Test } from 'tap'
import { WebSocket } from 'ws'
import { until } from './connection.js'

const RETRY_MS = 50

/** What Next's client does in an open tab: it keeps a socket open, and opens it again. */
export interface Tab {
  /** Resolves once a socket that is opened from now on has brought a message of Next's. */
  reconnected(): Promise<void>
}

export function openTab(t: Test, origin: string): Tab {
  let opened = 0
  let isOver = false
  let last: WebSocket | undefined
  let retry: NodeJS.Timeout | undefined
  let firstToCount = 0

  function open(): void {
    const socket = new WebSocket(`${origin.replace('http', 'ws')}/_next/hmr?id=tab`)
    last = socket
    let isCounted = false
    socket.on('message', () => {
      if (isCounted) return
      isCounted = true
      opened++
    })
    socket.on('error', () => {})
    socket.once('close', () => {
      if (!isOver) retry = setTimeout(open, RETRY_MS)
    })
  }

  open()
  t.teardown(() => {
    isOver = true
    clearTimeout(retry)
    last?.terminate()
  })
  return {
    async reconnected() {
      await until('a message of hot reloading', () => opened > firstToCount, 30_000)
      firstToCount = opened
    }
  }
}
