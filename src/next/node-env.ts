import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { FastifyBaseLogger } from 'fastify'
import { FST_NEXT_NODE_ENV_MISMATCH } from '../errors.js'

/** What was set because it was left to Next, or rather to this: Next sets it later. */
let own: 'development' | 'production' | undefined
const users = new Set<symbol>()

/**
 * Sets `NODE_ENV` as Next would, or checks that it says the same as the option `dev`: packages go
 * by it, and with the Pages Router React does. The App Router has React in bundles of its own.
 *
 * Next sets it when it has loaded some packages: 16.2 then mixes two builds of React. Returns a
 * function that ends this: with the last app that is open, what was set is taken back.
 * @throws FST_NEXT_NODE_ENV_MISMATCH
 */
export function setNodeEnv(
  { dir, dev }: { dir: string; dev: boolean },
  log: FastifyBaseLogger
): () => void {
  const { NODE_ENV } = process.env
  if (NODE_ENV === undefined) {
    own = dev ? 'development' : 'production'
    process.env.NODE_ENV = own
  }
  if (process.env.NODE_ENV === own) return use()
  if (dev && NODE_ENV === 'production') {
    const pages = ['pages', 'src/pages'].map(name => join(dir, name)).find(existsSync)
    // React's production build lacks what the pages are compiled to call: each would fail.
    if (pages !== undefined) throw new FST_NEXT_NODE_ENV_MISMATCH(pages)
    log.warn(
      `The option "dev" is true and NODE_ENV is "production", so packages run as in production: unset NODE_ENV, or set "dev" to false to serve the build of "${dir}".`
    )
  }
  if (!dev && NODE_ENV === 'development') {
    log.warn(
      `The option "dev" is false and NODE_ENV is "development", so packages, and React with the Pages Router, run as in development, which is slower: unset NODE_ENV, or set "dev" to true to develop "${dir}".`
    )
  }
  return () => {}
}

function use(): () => void {
  const user = Symbol()
  users.add(user)
  return () => {
    if (!users.delete(user) || users.size > 0) return
    if (process.env.NODE_ENV === own) delete process.env.NODE_ENV
    own = undefined
  }
}
