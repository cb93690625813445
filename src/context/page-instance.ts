import type { FastifyInstance, InjectOptions, LightMyRequestCallback } from 'fastify'
import { outsideOfNext } from '../outside-of-next.js'

/**
 * An instance for pages, whose `inject()` has Fastify's routes run as for any client: Next would keep
 * what they fetch for the page, and take what they print for its own.
 */
export function pageInstance(server: FastifyInstance): FastifyInstance {
  const inject = (options?: InjectOptions | string, callback?: LightMyRequestCallback) => {
    // Such a request is built step by step, and sent later.
    if (options === undefined) return server.inject()
    if (callback) return outsideOfNext(() => server.inject(options, callback))
    return outsideOfNext(() => sent(server, options))
  }
  return Object.create(server, { inject: { value: inject } })
}

/** What `inject()` returns sends its request when it is first waited for. */
async function sent(server: FastifyInstance, options: InjectOptions | string) {
  return server.inject(options)
}
