import type { FastifyInstance } from 'fastify'
import type { NextServer } from './next/server.js'

/**
 * Leaves the coding of answers to `@fastify/compress` where that is registered. Next would be first
 * otherwise, and has gzip only.
 */
export function leaveCompression(fastify: FastifyInstance, next: NextServer): void {
  if (fastify.hasReplyDecorator('compress')) {
    next.disableCompression()
    return
  }
  fastify.addHook('onReady', async () => {
    if (!fastify.hasReplyDecorator('compress')) return
    // It works on routes that are declared after it.
    fastify.log.warn(
      '@fastify/compress does not see the pages of Next: register it before fastify-next.'
    )
  })
}
