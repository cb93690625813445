import type { FastifyInstance } from 'fastify'
import type { Background } from './background.js'
import { errorsAreReported } from './logs/request-errors.js'
import { logStart } from './logs/start.js'
import type { NextServer } from './next/server.js'
import type { Settings } from './options.js'
import type { Prerendered } from './prerender/prerendered.js'
import type { Readiness } from './readiness.js'
import { startWithin } from './start-timeout.js'

interface Parts {
  next: NextServer
  background: Background
  readiness: Readiness
  prerendered: Prerendered
}

const NOT_REPORTED =
  'onNextError is told of nothing: export onRequestError and register of ' +
  '"fastify-next/instrumentation" from the instrumentation file of the app.'

/** Starts Next when Fastify is ready: in production before it listens, else in the background. */
export function addStart(
  fastify: FastifyInstance,
  { next, background, readiness, prerendered }: Parts,
  { dev, onNextError }: Settings
): void {
  const prepare = async (): Promise<void> => {
    await background.run(() => next.prepare())
    if (onNextError && !errorsAreReported()) fastify.log.warn(NOT_REPORTED)
  }
  fastify.addHook('onReady', async () => {
    background.provide()
    if (dev) {
      readiness.beginInBackground(() => logStart(background.call, prepare))
      return
    }
    const { pluginTimeout } = fastify.initialConfig
    await startWithin('start', readiness.begin(prepare), pluginTimeout)
    prerendered.open()
  })
}
