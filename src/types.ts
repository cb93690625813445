import type { NextApp } from './next/app.js'
import type { NextRouteHandler, NextRouteOptions } from './routes.js'

declare module 'fastify' {
  interface FastifyInstance {
    /** The Next app that this instance serves. */
    nextApp: NextApp

    /**
     * Declares a route that Next answers, with any of Fastify's route options.
     * @example
     * fastify.next('/account', { onRequest: requireUser })
     */
    next(path: string, options?: NextRouteOptions, handler?: NextRouteHandler): FastifyInstance
    next(path: string, handler: NextRouteHandler): FastifyInstance
  }
}
