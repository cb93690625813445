import type { FastifyInstance } from 'fastify'
import type { Test } from 'tap'
import type { FastifyNextOptions } from '../../src/index.js'
import { countAsked } from './asked.js'
import { copyOfBuild, type Load, type Loaded, serveDir } from './static-copy.js'

/** A request, as `load` takes it. */
export type Requested = readonly [path: string, headers?: Record<string, string>, method?: string]

export interface Remembering {
  fastify: FastifyInstance
  dir: string
  port: number
  load: Load
  /** Loads, and tells whether Next was asked. */
  see(...request: Requested): Promise<Loaded & { source: 'memory' | 'Next' }>
  /** Loads until an answer comes from memory, if one does. */
  warm(...request: Requested): Promise<void>
}

/** Serves a copy of a fixture's build. Requests are to be made one after the other. */
export async function serveRemembering(
  t: Test,
  fixture: string,
  options: FastifyNextOptions = {},
  before?: (fastify: FastifyInstance) => unknown
): Promise<Remembering> {
  const { dir } = await copyOfBuild(t, fixture)
  return rememberingIn(t, dir, options, before)
}

/** The same with a build that is in `dir`. */
export async function rememberingIn(
  t: Test,
  dir: string,
  options: FastifyNextOptions = {},
  before?: (fastify: FastifyInstance) => unknown
): Promise<Remembering> {
  const asked = countAsked(t)
  const { fastify, load, port } = await serveDir(t, dir, options, before)
  return {
    fastify,
    dir,
    port,
    load,
    async see(...request) {
      const count = asked()
      const answer = await load(...request)
      return { ...answer, source: asked() === count ? 'memory' : 'Next' }
    },
    async warm(...request) {
      for (let visit = 0, count = -1; count !== asked() && visit < MOST_VISITS; visit++) {
        count = asked()
        await load(...request)
      }
    }
  }
}

/** The first one may have Next make the page, and the next ones may come while it writes its files. */
const MOST_VISITS = 10

const OF_THE_CONNECTION = ['connection', 'date', 'keep-alive', 'transfer-encoding']

/**
 * What two servers have to say alike. Next sends what it streams or codes in chunks, and what is kept
 * has a length: then it is that of the body, or that of `whole` for an answer to HEAD.
 */
export function comparable({ status, headers, body }: Loaded, whole = body): object {
  const rest: Record<string, unknown> = { ...headers }
  for (const name of OF_THE_CONNECTION) delete rest[name]
  if (rest['content-length'] === String(whole.length)) delete rest['content-length']
  return { status, headers: rest, body: body.toString('latin1') }
}

/** Where Next has the router ask with these headers: a hash of them is in the query. */
export async function pathForRouter(
  load: Load,
  path: string,
  headers: Record<string, string>
): Promise<string> {
  const { headers: answered } = await load(path, headers)
  if (answered.location === undefined) throw new Error(`Next answers ${path} without a hash`)
  return answered.location
}
