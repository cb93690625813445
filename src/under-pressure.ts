import type { FastifyInstance, FastifyPluginAsync } from 'fastify'
import { FST_NEXT_UNDER_PRESSURE_NOT_INSTALLED } from './errors.js'
import type { Settings } from './options.js'

/**
 * Registers `@fastify/under-pressure`, if it is asked for.
 * @throws FST_NEXT_UNDER_PRESSURE_NOT_INSTALLED
 */
export async function addUnderPressure(
  fastify: FastifyInstance,
  { underPressure }: Settings
): Promise<void> {
  if (underPressure === false) return
  // It changes the options that it is given.
  const options = underPressure === true ? {} : { ...underPressure }
  await fastify.register(await load(), options)
}

async function load(): Promise<FastifyPluginAsync> {
  try {
    const { default: plugin } = await import('@fastify/under-pressure')
    return plugin as FastifyPluginAsync
  } catch (cause) {
    throw new FST_NEXT_UNDER_PRESSURE_NOT_INSTALLED({ cause })
  }
}
