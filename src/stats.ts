import type { FastifyInstance } from 'fastify'
import type { Background } from './background.js'
import type { Connections } from './closing/connections.js'
import type { Prerendered } from './prerender/prerendered.js'
import type { StaticFiles } from './static/static-files.js'

/** What `fastify.nextStats()` tells. Counts are since the start. */
export interface NextStats {
  /** How many requests Next is answering, for all apps of the server. */
  readonly inFlight: number
  /** How much background work is under way: `after()`, and pages that are being renewed. */
  readonly backgroundTasks: number
  /** The files of the build. */
  readonly staticAssets: {
    /** What was answered from memory. */
    readonly hits: number
    readonly misses: {
      /** The first requests for a file. */
      readonly absent: number
      /** What only Next can answer: other methods, several ranges, unusual codings and conditions. */
      readonly request: number
    }
    /** What the files and their codings take. */
    readonly bytes: number
  }
  /** Prerendered pages, and all else that is no file of the build. */
  readonly prerenderCache: {
    /** What was answered from memory. */
    readonly hits: number
    readonly misses: {
      /** Nothing is kept: in development, with `prerenderCache: false`, or as the log says. */
      readonly off: number
      /** What only Next can answer: other methods, draft mode, what may mean something to Next. */
      readonly request: number
      /** Nothing was kept of it: dynamic pages, and the first requests for others. */
      readonly absent: number
      /** It was past its `expire`. */
      readonly expired: number
      /** It was stale, and Next was asked to renew it. */
      readonly stale: number
      /** Route handlers, and pages with headers of the app: HEAD and conditional requests. */
      readonly conditional: number
    }
    /** What the kept answers take, at the most. */
    readonly bytes: number
  }
}

interface Parts {
  background: Background
  connections: Connections
  staticFiles: StaticFiles
  prerendered: Prerendered
}

/** Adds `fastify.nextStats()`. */
export function addStats(
  fastify: FastifyInstance,
  { background, connections, staticFiles, prerendered }: Parts
): void {
  fastify.decorate('nextStats', () => ({
    inFlight: connections.inFlight,
    backgroundTasks: background.tasks,
    staticAssets: statsOf(staticFiles),
    prerenderCache: statsOf(prerendered)
  }))
}

function statsOf<Misses extends Record<string, number>>({
  tally,
  bytes
}: {
  tally: { hits: number; misses: Misses }
  bytes: number
}) {
  return { hits: tally.hits, misses: { ...tally.misses }, bytes }
}
