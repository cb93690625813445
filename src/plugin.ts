import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import './types.js'
import { asker } from './ask.js'
import { collectBackground } from './background.js'
import { leaveCompression } from './compression.js'
import { trackConnections } from './connections.js'
import { FST_NEXT_ALREADY_REGISTERED } from './errors.js'
import { appForHandlers, type Replies } from './handler-app.js'
import { createNextServer, type NextServer } from './next/server.js'
import { type FastifyNextOptions, resolveOptions, type Settings } from './options.js'
import { Readiness } from './readiness.js'
import { addReplyDecorators } from './render/decorators.js'
import { addErrorHook } from './response/hooks.js'
import { addRoutes, routeDeclarer } from './routes.js'
import { addShutdown } from './shutdown.js'
import { addUnderPressure } from './under-pressure.js'
import { addHotReload } from './upgrade.js'

async function plugin(fastify: FastifyInstance, options: FastifyNextOptions): Promise<void> {
  if (fastify.hasDecorator('nextApp')) throw new FST_NEXT_ALREADY_REGISTERED()
  const settings = resolveOptions(options, fastify.log)
  await addUnderPressure(fastify, settings)
  const next = await createNextServer(settings, portReader(fastify), fastify.log)
  try {
    serve(fastify, settings, next)
  } catch (error) {
    await next.close()
    throw error
  }
}

function serve(fastify: FastifyInstance, settings: Settings, next: NextServer): void {
  const readiness = new Readiness(settings.dir)
  const background = collectBackground()
  const connections = trackConnections(fastify)
  const askNext = asker({ next, readiness, background, connections }, fastify)

  const replies: Replies = new WeakMap()
  const app = appForHandlers(next.app, replies, askNext)

  fastify.decorate('nextApp', app)
  fastify.decorate('next', routeDeclarer(app, replies, settings, askNext))
  addReplyDecorators(fastify, next, askNext)
  addErrorHook(fastify)

  leaveCompression(fastify, next)
  addRoutes(fastify, next, settings, askNext)
  addHotReload(fastify, next, settings, readiness)
  addShutdown(fastify, { next, readiness, background, connections }, settings.closeTimeout)

  fastify.addHook('onReady', async () => {
    background.provide()
    if (settings.dev) readiness.beginInBackground(() => next.prepare(), fastify.log)
    else await readiness.begin(() => next.prepare())
  })
}

/** The port that Fastify listens on, 0 before: nothing can be sent there by mistake. */
function portReader({ server }: FastifyInstance): () => number {
  let port = 0
  return () => {
    if (port !== 0) return port
    const address = server.address() as AddressInfo | string | null
    port = typeof address === 'object' ? (address?.port ?? 0) : 0
    return port
  }
}

/**
 * Serves a Next.js app through Fastify.
 * @example
 * await fastify.register(fastifyNext, { dir: './app' })
 */
export const fastifyNext = fp(plugin, { name: 'fastify-next', fastify: '5.x' })
