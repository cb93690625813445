import type { FastifyInstance } from 'fastify'
import type { Background } from './background.js'
import { openLogs } from './logs/logs.js'
import { createNextServer, type NextServer } from './next/server.js'
import type { Settings } from './options.js'
import { portReader } from './served-address.js'
import { startWithin } from './start-timeout.js'

/** An app of Next that is loaded, and not yet started. */
interface LoadedApp {
  next: NextServer
  /** When the last of its output has come. */
  closeLogs(): void
}

/**
 * Loads the app, for as long as Fastify waits for a plugin.
 * @throws FST_NEXT_START_TIMEOUT
 */
export async function loadApp(
  fastify: FastifyInstance,
  settings: Settings,
  background: Background
): Promise<LoadedApp> {
  // Before Next is loaded, which prints, too.
  const closeLogs = openLogs(settings)
  const created = background.run(() => createNextServer(settings, portReader(fastify), fastify.log))
  const step = `load the config of "${settings.dir}"`
  try {
    return {
      next: await startWithin(step, created, fastify.initialConfig.pluginTimeout),
      closeLogs
    }
  } catch (error) {
    closeLogs()
    // One that is only late is still to come.
    created.then(late => late.close()).catch(() => {})
    throw error
  }
}
