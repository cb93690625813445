import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import './types.js'
import { allowListeningOrigins } from './allowed-origins.js'
import { asker } from './ask.js'
import { type Background, collectBackground } from './background.js'
import { type Closing, closingOf } from './closing/closing.js'
import { addShutdown } from './closing/shutdown.js'
import { leaveCompression } from './compression.js'
import { addExchanges } from './context/exchanges.js'
import { FST_NEXT_ALREADY_REGISTERED } from './errors.js'
import { appForHandlers, type Replies } from './handler-app.js'
import { loadApp } from './load-app.js'
import type { NextServer } from './next/server.js'
import { type FastifyNextOptions, resolveOptions, type Settings } from './options.js'
import { keepPrerenderedPages } from './prerender/prerendered.js'
import { addErrorTreatment } from './process-errors.js'
import { Readiness } from './readiness.js'
import { addReplyDecorators } from './render/decorators.js'
import { addErrorHook } from './response/hooks.js'
import { addServerTiming } from './response/server-timing.js'
import { addNextRoute } from './route-of-next.js'
import { addRoutes, routeDeclarer } from './routes.js'
import { addOrigin } from './served-address.js'
import { addStart } from './start.js'
import { addStaticFiles } from './static/static-files.js'
import { addStats } from './stats.js'
import { addUnderPressure } from './under-pressure.js'
import { upgradeAnswerer } from './upgrade/routed.js'
import { Sockets } from './upgrade/sockets.js'
import { addUpgrades } from './upgrade/upgrade.js'

async function plugin(fastify: FastifyInstance, options: FastifyNextOptions): Promise<void> {
  if (fastify.hasDecorator('nextApp')) throw new FST_NEXT_ALREADY_REGISTERED()
  const settings = resolveOptions(options, fastify.log)
  await addUnderPressure(fastify, settings)
  const { dev, onNextError } = settings
  const background = collectBackground({ log: fastify.log, dev, onNextError })
  const { next, closeLogs } = await loadApp(fastify, settings, background)
  const closing = closingOf(fastify, settings)
  closing.whenClosed(closeLogs)
  try {
    serve(fastify, settings, { next, background, closing })
  } catch (error) {
    closing.release()
    await next.close()
    throw error
  }
}

interface Parts {
  next: NextServer
  background: Background
  closing: Closing
}

function serve(
  fastify: FastifyInstance,
  settings: Settings,
  { next, background, closing }: Parts
): void {
  const readiness = new Readiness(settings.dir, fastify.log)
  const { connections } = closing
  const staticFiles = addStaticFiles(fastify, next, settings)
  const prerendered = keepPrerenderedPages(fastify, next, background, settings)
  const askNext = asker(
    { next, readiness, background, connections, staticFiles, prerendered },
    fastify,
    settings
  )

  const replies: Replies = new WeakMap()
  const app = appForHandlers(next.app, replies, askNext)
  const sockets = new Sockets()
  const answerUpgrade = upgradeAnswerer({ asker: askNext, next, sockets }, settings)

  fastify.decorate('nextApp', app)
  fastify.decorate('nextReady', { getter: () => readiness.isReady && !closing.hasBegun })
  fastify.decorate('next', routeDeclarer(app, replies, settings, askNext, answerUpgrade))
  addReplyDecorators(fastify, next, askNext)
  addErrorHook(fastify)
  addNextRoute(fastify)
  addExchanges(fastify)
  addServerTiming(fastify, settings)
  addStats(fastify, { background, connections, staticFiles, prerendered })

  leaveCompression(fastify, next)
  addRoutes(fastify, next, settings, askNext, answerUpgrade)
  addOrigin(fastify, next, settings)
  addUpgrades(fastify, { next, readiness, background, sockets }, settings)
  if (settings.dev) allowListeningOrigins(fastify, next)
  addErrorTreatment(fastify, { background, next, closing })
  addShutdown(fastify, { next, readiness, background, closing }, settings)
  addStart(fastify, { next, background, readiness, prerendered }, settings)
}

/**
 * Serves a Next.js app through Fastify.
 * @example
 * await fastify.register(fastifyNext, { dir: './app' })
 */
export const fastifyNext = fp(plugin, { name: 'fastify-next', fastify: '5.x' })
