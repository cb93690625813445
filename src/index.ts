import { fastifyNext } from './plugin.js'

export * as errors from './errors.js'
export type { NextErrorContext, NextErrorListener } from './instrumentation/error-reporters.js'
export type { NextApp, NextRequestHandler } from './next/app.js'
export type { FastifyNextOptions } from './options.js'
export type { NextRenderOptions } from './render/decorators.js'
export type { PageQuery } from './render/page-search.js'
export type { NextRouteHandler, NextRouteOptions } from './routes.js'
export type { NextStats } from './stats.js'
export { fastifyNext }
export default fastifyNext
