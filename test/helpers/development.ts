import type { FastifyListenOptions, FastifyServerOptions } from 'fastify'
import type { Page, WebSocket } from 'playwright-core'
import type { Test } from 'tap'
import type { FastifyNextOptions } from '../../src/index.js'
import { event } from './event.js'
import { buildPlugin, repositoryPath, startServer } from './process.js'

/** What is shown in a browser, on a busy machine, where the first request of a page compiles it. */
export const SHOWN_MS = 60_000

export interface Setup {
  plugin: FastifyNextOptions
  server?: FastifyServerOptions & { https?: object; http2?: boolean }
  /** Whether Fastify is made ready only, and its server listens by itself. */
  listen?: FastifyListenOptions & { isPastFastify?: boolean }
  /** Declared with `fastify.next()`. */
  pages?: string[]
}

interface Closed {
  took?: number
  isLocked?: boolean
  /** How many still wait for the server to listen. */
  listeners?: number
}

/** Serves an app in development from a process of its own. */
export async function startDevelopment(t: Test, setup: Setup) {
  await buildPlugin()
  const script = repositoryPath('test', 'processes', 'development.mjs')
  const server = await startServer(t, script, /^Listening on (\S+)/m, {
    args: [JSON.stringify(setup)]
  })
  return {
    ...server,
    port: Number(new URL(server.url).port),
    /** Ends the process, and tells what its `close()` has said. */
    async close() {
      const exit = await server.stop('SIGTERM')
      const [, closed] = /^Closed (.*)$/m.exec(server.output()) ?? []
      return { ...exit, ...(JSON.parse(closed ?? '{}') as Closed) }
    }
  }
}

/** The next socket of hot reloading that a page opens, once it has brought something. */
export function hotReloading(page: Page, path = '/_next/hmr'): Promise<WebSocket> {
  const brought = event<WebSocket>('a message of hot reloading', SHOWN_MS)
  page.on('websocket', socket => {
    if (new URL(socket.url()).pathname !== path) return
    socket.once('framereceived', () => brought.happen(socket))
  })
  return brought.happened
}

/** Resolves when the server has said that it has compiled again. */
export async function compiled(socket: WebSocket): Promise<void> {
  await socket.waitForEvent('framereceived', {
    predicate: ({ payload }) => String(payload).startsWith('{"type":"built"'),
    timeout: SHOWN_MS
  })
}

const LOADS_NO_MORE = `document.readyState === 'complete' && performance
  .getEntriesByType('resource')
  .every(({ responseEnd }) => performance.now() - responseEnd > 500)`

/**
 * Resolves when a page loads no more: what is edited before it watches its files is lost to it. (The
 * state `networkidle` of Playwright may never come, where the last file is one of the browser's cache.)
 */
export async function settled(page: Page): Promise<void> {
  await page.waitForFunction(LOADS_NO_MORE, undefined, { polling: 50 })
}

// As text, since the types of the DOM are not those of the server.

/** An expression that holds when an element has this text. */
export function hasText(selector: string, text: string): string {
  return `(document.querySelector('${selector}')?.textContent === '${text}')`
}

export function hasColor(selector: string, color: string): string {
  return `(getComputedStyle(document.querySelector('${selector}')).color === '${color}')`
}

const OVERLAY = `document.querySelector('nextjs-portal')?.shadowRoot`
const DIALOG = `${OVERLAY}?.querySelector('[data-nextjs-dialog]')`

/** An expression that holds when Next's overlay shows an error, with all of these texts. */
export function isOverlaid(...texts: string[]): string {
  return `${JSON.stringify(texts)}.every(text => ${DIALOG}?.textContent.includes(text))`
}

export const IS_NOT_OVERLAID = `!${DIALOG}`
