import { sep } from 'node:path'
import { pathToFileURL } from 'node:url'
import { realPath } from '../real-path.js'

/** Set by the watch mode of Node and of its test runner: the loaders then report each file. */
const REPORTS = 'WATCH_REPORT_DEPENDENCIES'

type Send = NonNullable<typeof process.send>

/** The messages of Node's loaders: lib/internal/modules/cjs/loader.js and esm/loader.js. */
interface Report {
  'watch:require'?: unknown
  'watch:import'?: unknown
}

/** By directory: with what paths and URLs of its files begin. */
const hidden = new Map<string, string[]>()
let restore = (): void => {}

/**
 * Keeps files of a directory out of what `node --watch` watches. It restarts the process when a
 * file changes that was loaded, and what Next has compiled is loaded and then compiled again: the
 * first page would end the server. Returns a function that ends this.
 */
export function hideFromWatchMode(dir: string): () => void {
  if (process.env[REPORTS] === undefined || process.send === undefined) return () => {}
  if (hidden.size === 0) restore = filterReports()
  // Reports have the real paths, unless Node is told to preserve links.
  const paths = [dir, realPath(dir)]
  hidden.set(
    dir,
    paths.flatMap(path => [path + sep, `${pathToFileURL(path)}/`])
  )
  return () => {
    if (hidden.delete(dir) && hidden.size === 0) restore()
  }
}

/** The loaders look `process.send` up for each report. */
function filterReports(): () => void {
  const original = process.send as Send
  const send: Send = (...args: unknown[]) => {
    return isHidden(args[0]) || Reflect.apply(original, process, args)
  }
  process.send = send
  return () => {
    if (process.send === send) process.send = original
  }
}

function isHidden(message: unknown): boolean {
  const { 'watch:require': paths, 'watch:import': urls } = Object(message) as Report
  const files = [paths, urls].flat().filter(file => typeof file === 'string')
  const dirs = [...hidden.values()].flat()
  return files.length > 0 && files.every(file => dirs.some(dir => file.startsWith(dir)))
}

/** `next/dist/server/dev/next-dev-server.js` */
interface DevelopmentServer {
  getStaticPathsWorker?: (() => unknown) | undefined
}

/**
 * Has the processes in which Next looks for the paths of a page report nothing. They report to
 * Next otherwise, which fails on each report.
 */
export function startWorkersUnwatched(app: object): void {
  if (process.env[REPORTS] === undefined) return
  const server = serverOf(app)
  const start = server?.getStaticPathsWorker
  if (server === undefined || typeof start !== 'function') return
  // Next keeps the server of a directory, and this with it.
  if (Object.hasOwn(server, 'getStaticPathsWorker')) return
  server.getStaticPathsWorker = () => {
    const { [REPORTS]: value } = process.env
    delete process.env[REPORTS]
    try {
      return start.call(server)
    } finally {
      process.env[REPORTS] = value
    }
  }
}

function serverOf(app: object): DevelopmentServer | undefined {
  const { server } = app as { server?: { server?: DevelopmentServer } }
  return server?.server
}
