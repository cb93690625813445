import type { NextApp } from './next/app.js'
import type { NextRenderOptions } from './render/decorators.js'
import type { NextRouteHandler, NextRouteOptions } from './routes.js'

declare module 'fastify' {
  interface FastifyInstance {
    /** The Next app that this instance serves. */
    readonly nextApp: NextApp

    /**
     * Declares a route that Next answers, with any of Fastify's route options.
     * @example
     * fastify.next('/account', { onRequest: requireUser })
     */
    next(path: string, options?: NextRouteOptions, handler?: NextRouteHandler): FastifyInstance
    next(path: string, handler: NextRouteHandler): FastifyInstance
  }

  interface FastifyReply {
    /**
     * Answers with a page of the Next app, from any handler or hook. The status and headers that
     * are set on the reply stay, unless Next redirects or fails.
     * @param path of the page, without the basePath; what comes from a client has to be encoded
     * @returns when the answer, or the client, has left; it never rejects
     * @throws FST_NEXT_INVALID_PATH
     * @throws FST_NEXT_INVALID_QUERY
     * @example
     * fastify.get('/me', (request, reply) => reply.nextRender('/account'))
     */
    nextRender(path: string, options?: NextRenderOptions): Promise<void>

    /** Answers with the not-found page of the Next app, and 404. */
    nextNotFound(): Promise<void>

    /**
     * Answers with the error page of the Next app, under the status of the error. In production
     * the page is not told what the error was; log it where you call this.
     * @example
     * fastify.setErrorHandler((error, request, reply) => {
     *   request.log.error(error)
     *   return reply.nextRenderError(error)
     * })
     */
    nextRenderError(error: unknown): Promise<void>
  }
}
