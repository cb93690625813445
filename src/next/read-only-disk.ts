import { accessSync, constants, existsSync } from 'node:fs'
import { join } from 'node:path'
import type { FastifyBaseLogger } from 'fastify'
import type { LoadedConfig } from './config.js'

/**
 * Has Next keep what it makes in memory where it can't write it: it would log an error for each page
 * that it renews and two for each image, and a warning for each that it looks for. Next decides by
 * this one switch for pages and images, so both have to be unwritable: a volume at `cache` is for images.
 */
export function avoidReadOnlyDisk(
  config: LoadedConfig,
  distDir: string,
  log: FastifyBaseLogger
): void {
  const cache = join(distDir, 'cache')
  const places = [join(distDir, 'server'), existsSync(cache) ? cache : distDir]
  const experimental = Object(config.values.experimental)
  if (places.some(isWritable) || experimental.isrFlushToDisk !== true) return
  config.change('experimental', { ...experimental, isrFlushToDisk: false })
  log.info(`"${distDir}" is read-only: pages are renewed in memory, and no image is kept.`)
}

function isWritable(directory: string): boolean {
  try {
    accessSync(directory, constants.W_OK)
    return true
  } catch {
    return false
  }
}
