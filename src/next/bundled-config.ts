import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** What a bundle has beside an app, in the place of its next.config. */
const NAME = 'fastify-next.config.json'
const VARIABLE = '__NEXT_PRIVATE_STANDALONE_CONFIG'

export function bundledConfigPath(dir: string): string {
  return join(dir, NAME)
}

/**
 * The config as `next build` has resolved it. A bundle that loaded `next.config` again would need
 * all that this imports, webpack, and for TypeScript the compiler; so neither does Next's standalone
 * output. What is no JSON, only the build uses.
 */
export function bundledConfig(built: unknown): string {
  // Paths of the machine of the build, and a warning that asks for Next's own server.js.
  const { output, outputFileTracingRoot, turbopack, ...config } = Object(built)
  return JSON.stringify(config)
}

/**
 * Has Next take the config of a bundle while `load` calls it: next/dist/server/config.js reads the
 * variable before it first waits. It is for the whole process, so it is not left there: another app
 * has another config.
 */
export function loadBundled<T>(dir: string, load: () => T): T {
  const config = read(bundledConfigPath(dir))
  if (config === undefined) return load()
  const before = process.env[VARIABLE]
  process.env[VARIABLE] = config
  try {
    return load()
  } finally {
    if (before === undefined) delete process.env[VARIABLE]
    else process.env[VARIABLE] = before
  }
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
