import type { IncomingMessage } from 'node:http'
import type { FastifyInstance, HTTPMethods } from 'fastify'
import type { NextServer } from './next/server.js'

/** The methods for which Next answers what no route of Fastify answers. */
export const METHODS: readonly HTTPMethods[] = [
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'OPTIONS'
]

const SLASH = 47

type Area = 'basePath' | 'outside'

interface RouterConfig {
  ignoreTrailingSlash?: boolean
  routerOptions?: { ignoreTrailingSlash?: boolean }
}

/** A route of the catch-all: its path, and the constraint under which Next answers it. */
interface CatchAllRoute {
  url: string
  constraints: Record<string, Area>
}

/**
 * The routes that hand to Next what nobody else answers.
 *
 * They carry a constraint, since they would collide with the `*` or `/*` of a user or of
 * `@fastify/cors` otherwise, and routes are final before it is known which those are. The
 * constraint does not hold for the paths and methods that the user has taken, so the router falls
 * back to the user's route.
 */
export function catchAllRoutes(fastify: FastifyInstance, next: NextServer): CatchAllRoute[] {
  const { basePath, outsideBasePath } = next
  // A `/*` of the user is nearer to the root of the router's tree than a `*`, and comes first.
  const wildcard = basePath === '' ? '*' : `${basePath}/*`
  const { ignoreTrailingSlash, routerOptions } = fastify.initialConfig as RouterConfig
  const isTrimmed = ignoreTrailingSlash || routerOptions?.ignoreTrailingSlash
  const roots = isTrimmed ? [basePath, `${basePath}/`] : [basePath]
  const takenAll = new Set<string>()
  const takenRoot = new Set<string>()
  const takenOutside = new Set<string>()
  const name = freeStrategyName(fastify)

  const areaOf = ({ method = '', url = '' }: IncomingMessage): Area | undefined => {
    // Neither `OPTIONS *` nor an absolute URL is for Next.
    if (url.charCodeAt(0) !== SLASH) return undefined
    if (basePath === '') return takenAll.has(method) ? undefined : 'basePath'
    const path = pathOf(url)
    if (roots.includes(path)) return takenRoot.has(method) ? undefined : 'basePath'
    const isOutside = !path.startsWith(`${basePath}/`) && !takenOutside.has(method)
    if (isOutside && outsideBasePath.some(rule => rule.test(path))) return 'outside'
    // Whether it is below the basePath the router has found, with the options that it has.
    return takenAll.has(method) ? undefined : 'basePath'
  }
  fastify.addConstraintStrategy(strategy(name, areaOf))

  fastify.addHook('onReady', async () => {
    for (const method of METHODS) {
      const taken = (url: string): boolean =>
        // hasRoute() does not know a bare `*`, and findRoute() takes every other URL for a path.
        url === '*'
          ? fastify.findRoute({ method, url }) !== null
          : fastify.hasRoute({ method, url })
      if (taken(wildcard)) takenAll.add(method)
      if (basePath !== '' && taken(basePath)) takenRoot.add(method)
      if (taken('*')) takenOutside.add(method)
    }
  })

  const routes: CatchAllRoute[] = [{ url: wildcard, constraints: { [name]: 'basePath' } }]
  if (basePath !== '') routes.push({ url: basePath, constraints: { [name]: 'basePath' } })
  if (outsideBasePath.length > 0) routes.push({ url: '*', constraints: { [name]: 'outside' } })
  return routes
}

function pathOf(url: string): string {
  const end = url.indexOf('?')
  return end === -1 ? url : url.slice(0, end)
}

/** The router is shared by all scopes, and so are the names of its strategies. */
function freeStrategyName(fastify: FastifyInstance): string {
  let name = 'next'
  for (let count = 2; fastify.hasConstraintStrategy(name); count++) name = `next${count}`
  return name
}

function strategy(
  name: string,
  areaOf: (request: IncomingMessage) => Area | undefined
): Parameters<FastifyInstance['addConstraintStrategy']>[0] {
  return {
    name,
    storage() {
      const handlers = new Map()
      return {
        get: area => handlers.get(area) ?? null,
        set: (area, handler) => handlers.set(area, handler)
      }
    },
    deriveConstraint: request => areaOf(request),
    mustMatchWhenDerived: false
  }
}
