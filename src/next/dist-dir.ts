import { join } from 'node:path'
import { loadNextConfig } from './config.js'
import { findNext } from './load.js'

const silent = { warn() {} }

/**
 * Where the build of an app is.
 * @throws FST_NEXT_CONFIG_FAILED
 * @throws FST_NEXT_DIR_NOT_FOUND
 * @throws FST_NEXT_NOT_INSTALLED
 * @throws FST_NEXT_UNSUPPORTED_VERSION
 */
export async function distDirOf(dir: string): Promise<string> {
  const config = await loadNextConfig(findNext(dir), { dir, dev: false, conf: {} }, silent)
  config?.restore()
  return join(dir, config?.values.distDir ?? '.next')
}
