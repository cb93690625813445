import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import './types.js'
import { asker } from './ask.js'
import { collectBackground } from './background.js'
import { type Closing, closingOf } from './closing/closing.js'
import { addShutdown } from './closing/shutdown.js'
import { leaveCompression } from './compression.js'
import { FST_NEXT_ALREADY_REGISTERED } from './errors.js'
import { appForHandlers, type Replies } from './handler-app.js'
import { createNextServer, type NextServer } from './next/server.js'
import { type FastifyNextOptions, resolveOptions, type Settings } from './options.js'
import { addErrorTreatment } from './process-errors.js'
import { Readiness } from './readiness.js'
import { addReplyDecorators } from './render/decorators.js'
import { addErrorHook } from './response/hooks.js'
import { addRoutes, routeDeclarer } from './routes.js'
import { addOrigin, portReader } from './served-address.js'
import { startWithin } from './start-timeout.js'
import { addUnderPressure } from './under-pressure.js'
import { addHotReload } from './upgrade.js'

async function plugin(fastify: FastifyInstance, options: FastifyNextOptions): Promise<void> {
  if (fastify.hasDecorator('nextApp')) throw new FST_NEXT_ALREADY_REGISTERED()
  const settings = resolveOptions(options, fastify.log)
  await addUnderPressure(fastify, settings)
  const next = await createNextServer(settings, portReader(fastify), fastify.log)
  const closing = closingOf(fastify, settings)
  try {
    serve(fastify, settings, next, closing)
  } catch (error) {
    closing.release()
    await next.close()
    throw error
  }
}

function serve(
  fastify: FastifyInstance,
  settings: Settings,
  next: NextServer,
  closing: Closing
): void {
  const readiness = new Readiness(settings.dir)
  const background = collectBackground()
  const { connections } = closing
  const askNext = asker({ next, readiness, background, connections }, fastify)

  const replies: Replies = new WeakMap()
  const app = appForHandlers(next.app, replies, askNext)

  fastify.decorate('nextApp', app)
  fastify.decorate('nextReady', { getter: () => readiness.isReady && !closing.hasBegun })
  fastify.decorate('next', routeDeclarer(app, replies, settings, askNext))
  addReplyDecorators(fastify, next, askNext)
  addErrorHook(fastify)

  leaveCompression(fastify, next)
  addRoutes(fastify, next, settings, askNext)
  addOrigin(fastify, settings)
  addHotReload(fastify, { next, readiness, background }, settings)
  addErrorTreatment(fastify, { background, next, closing }, settings)
  addShutdown(fastify, { next, readiness, background, closing })

  fastify.addHook('onReady', async () => {
    background.provide()
    const prepare = () => background.run(() => next.prepare())
    if (settings.dev) readiness.beginInBackground(prepare, fastify.log)
    else await startWithin(readiness.begin(prepare), fastify.initialConfig.pluginTimeout)
  })
}

/**
 * Serves a Next.js app through Fastify.
 * @example
 * await fastify.register(fastifyNext, { dir: './app' })
 */
export const fastifyNext = fp(plugin, { name: 'fastify-next', fastify: '5.x' })
