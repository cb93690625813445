import type {
  FastifyInstance,
  FastifyReply,
  FastifyRequest,
  FastifySchema,
  HTTPMethods,
  RouteOptions,
  RouteShorthandOptions
} from 'fastify'
import type { Asker } from './ask.js'
import { keepBodyForNext, leaveBodiesUnread, revealContentType } from './bodies.js'
import { catchAllRoutes, METHODS } from './catch-all.js'
import { FST_NEXT_INVALID_ROUTE, FST_NEXT_PREFIX_MISMATCH } from './errors.js'
import type { Replies } from './handler-app.js'
import type { NextApp } from './next/app.js'
import type { NextServer } from './next/server.js'
import type { Settings } from './options.js'
import { appendBeforeSend } from './response/hooks.js'
import { answerUpgrades, type UpgradeAnswerer } from './upgrade/routed.js'

/** Answers a route declared with `fastify.next()` in Next's place. */
export type NextRouteHandler = (
  app: NextApp,
  request: FastifyRequest,
  reply: FastifyReply
) => unknown

/** The options of a route declared with `fastify.next()`: all that Fastify has. */
export interface NextRouteOptions extends RouteShorthandOptions {
  /** @default 'GET', and HEAD with it */
  method?: HTTPMethods | HTTPMethods[]
}

/** A page is no part of an API: `@fastify/swagger` leaves it out. */
const NOT_IN_OPENAPI = Object.assign({} as FastifySchema, { hide: true })

/** Adds the routes of the plugin: the catch-all, or without it those of Next's own files. */
export function addRoutes(
  fastify: FastifyInstance,
  next: NextServer,
  settings: Settings,
  asker: Asker,
  answerUpgrade: UpgradeAnswerer
): void {
  const routes = settings.catchAll
    ? catchAllRoutes(fastify, next)
    : filesOfNext(next, settings).map(url => ({ url }))
  const paths = routes.map(({ url }) => withoutPrefix(url, fastify.prefix))
  const handler = handlerOf(asker, settings.bodyLimit)

  fastify.register(async scope => {
    prepareScope(scope)
    scope.addHook('onRoute', answerUpgrades(answerUpgrade))
    const add = (route: Pick<RouteOptions, 'url' | 'constraints'>): void => {
      addRoute(scope, {
        ...logLevelOf(settings),
        schema: NOT_IN_OPENAPI,
        ...route,
        method: [...METHODS],
        handler
      })
    }
    for (const [index, route] of routes.entries()) add({ ...route, url: String(paths[index]) })
    if (hasOverlayOutside(scope, next, settings)) add({ url: OVERLAY_PATH })
  })
}

/** The decorator `fastify.next()`. */
export function routeDeclarer(
  app: NextApp,
  replies: Replies,
  settings: Settings,
  asker: Asker,
  answerUpgrade: UpgradeAnswerer
) {
  return function next(
    this: FastifyInstance,
    path: string,
    optionsOrHandler?: NextRouteOptions | NextRouteHandler | null,
    maybeHandler?: NextRouteHandler
  ): FastifyInstance {
    const isHandler = typeof optionsOrHandler === 'function'
    const options = isHandler ? {} : (optionsOrHandler ?? {})
    const handler = isHandler ? optionsOrHandler : maybeHandler
    assertRoute(path, options, handler)
    const bodyLimit = options.bodyLimit ?? settings.bodyLimit

    this.register(async scope => {
      // A handler that has a schema for the body is to be given the body.
      if (handler && hasBodySchema(options)) scope.addHook('onRoute', appendBeforeSend)
      else prepareScope(scope)
      if (!handler) scope.addHook('onRoute', answerUpgrades(answerUpgrade))
      addRoute(scope, {
        ...logLevelOf(settings),
        ...(handler ? {} : { schema: NOT_IN_OPENAPI }),
        ...options,
        url: path,
        method: methodsOf(options),
        handler: handler
          ? (request, reply) => {
              revealContentType(request)
              replies.set(reply.raw, reply)
              return handler(app, request, reply)
            }
          : handlerOf(asker, bodyLimit)
      })
    })
    return this
  }
}

/** @throws FST_NEXT_INVALID_ROUTE */
function assertRoute(path: unknown, options: unknown, handler: unknown): void {
  if (typeof path !== 'string') throw new FST_NEXT_INVALID_ROUTE('path', 'a string')
  if (!isObject(options)) throw new FST_NEXT_INVALID_ROUTE('options', 'an object')
  const { method = 'GET', schema = {} } = options
  if ([method].flat().some(name => typeof name !== 'string')) {
    throw new FST_NEXT_INVALID_ROUTE('method', 'a string, or a list of them')
  }
  if (!isObject(schema)) throw new FST_NEXT_INVALID_ROUTE('schema', 'an object')
  if (handler !== undefined && typeof handler !== 'function') {
    throw new FST_NEXT_INVALID_ROUTE('handler', 'a function')
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return Object(value) === value
}

function hasBodySchema({ schema }: NextRouteOptions): boolean {
  return schema?.body !== undefined
}

function prepareScope(scope: FastifyInstance): void {
  leaveBodiesUnread(scope)
  // By now the hooks of other plugins have added to the route what they have.
  scope.addHook('onRoute', appendBeforeSend)
}

function handlerOf({ ask }: Asker, bodyLimit: number | undefined): RouteOptions['handler'] {
  return function answerWithNext(request, reply) {
    revealContentType(request)
    ask(request, reply, bodyLimit)
  }
}

function addRoute(scope: FastifyInstance, options: RouteOptions): void {
  const { preParsing = [] } = options
  scope.route({
    ...options,
    preParsing: [preParsing, keepBodyForNext].flat(),
    // A HEAD route that Fastify makes gives the length of the empty body as the page's.
    exposeHeadRoute: false
  })
}

function methodsOf({ method = 'GET', exposeHeadRoute }: NextRouteOptions): HTTPMethods[] {
  const methods = [method].flat().map(name => name.toUpperCase() as HTTPMethods)
  if (!methods.includes('GET') || methods.includes('HEAD') || exposeHeadRoute === false) {
    return methods
  }
  return [...methods, 'HEAD']
}

function logLevelOf({ logLevel }: Settings): Pick<RouteOptions, 'logLevel'> {
  return logLevel === undefined ? {} : { logLevel }
}

/** What a page needs of Next besides itself. */
function filesOfNext(
  { basePath, assetPrefix }: NextServer,
  { dev, noServeAssets }: Settings
): string[] {
  if (noServeAssets) return []
  const paths = [`${basePath}/_next/*`]
  if (assetPrefix.startsWith('/') && assetPrefix !== basePath) paths.push(`${assetPrefix}/_next/*`)
  if (dev) paths.push(basePath + OVERLAY_PATH)
  return paths
}

/** The overlay of the development server, with its fonts, stack frames and source maps. */
const OVERLAY_PATH = '/__nextjs_*'

/**
 * Whether the overlay has a path of its own: it asks for most outside of the basePath
 * (next/dist/next-devtools/shared/stack-frame.js). One app of several is asked.
 */
function hasOverlayOutside(
  scope: FastifyInstance,
  { basePath }: NextServer,
  { dev, noServeAssets }: Settings
): boolean {
  if (!dev || noServeAssets || basePath === '' || scope.prefix !== '') return false
  return !scope.hasRoute({ method: 'GET', url: OVERLAY_PATH })
}

/** Next's paths are absolute, while a scope with a prefix puts that in front of its routes. */
function withoutPrefix(url: string, prefix: string): string {
  if (prefix === '') return url
  if (url !== prefix && !url.startsWith(`${prefix}/`)) {
    throw new FST_NEXT_PREFIX_MISMATCH(url, prefix)
  }
  return url.slice(prefix.length)
}
