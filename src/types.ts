import type { NextApp } from './next/app.js'
import type { NextRenderOptions } from './render/decorators.js'
import type { NextRouteHandler, NextRouteOptions } from './routes.js'
import type { NextStats } from './stats.js'

declare module 'fastify' {
  interface FastifyInstance {
    /** The Next app that this instance serves. */
    readonly nextApp: NextApp

    /**
     * Whether Next answers requests, and `close()` has not been called: what a health route tells a
     * load balancer.
     */
    readonly nextReady: boolean

    /**
     * What Next and the memory are at, for metrics: cheap to call.
     * @example
     * const { hits } = fastify.nextStats().prerenderCache
     */
    nextStats(): NextStats

    /**
     * Declares a route that Next answers, with any of Fastify's route options.
     * @example
     * fastify.next('/account', { onRequest: requireUser })
     */
    next(
      path: string,
      options?: NextRouteOptions | null,
      handler?: NextRouteHandler
    ): FastifyInstance
    next(path: string, handler: NextRouteHandler): FastifyInstance
  }

  interface FastifyRequest {
    /**
     * The pattern of Next's route that answers, as `/blog/[slug]`, without the basePath: known in
     * `onSend`, `onError` and `onResponse` hooks. `undefined` where no page has been asked, as for files,
     * redirects of `next.config`, and routes of Fastify.
     */
    readonly nextRoute: string | undefined
  }

  interface FastifyReply {
    /**
     * Answers with a page of the Next app, from a handler, an error handler, or a hook from
     * `onRequest` to `preHandler`; return or await it there. The status and headers that are set on
     * the reply stay, unless Next redirects or fails.
     * @param path of the page, without the basePath; what comes from a client has to be encoded
     * @returns resolves when the answer, or the client, has left
     * @throws FST_NEXT_INVALID_PATH at once, like the next three
     * @throws FST_NEXT_PATH_REFUSED when it would lead to another page, with the status 404
     * @throws FST_NEXT_INVALID_QUERY
     * @throws FST_NEXT_ALREADY_ANSWERED in an `onSend` hook
     * @example
     * fastify.get('/me', (request, reply) => reply.nextRender('/account'))
     */
    nextRender(path: string, options?: NextRenderOptions | null): Promise<void>

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
