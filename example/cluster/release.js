import { randomBytes } from 'node:crypto'
import { cp } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { startProgram } from './programs.js'

const require = createRequire(import.meta.url)
const NEXT = require.resolve('next/dist/bin/next')
const FASTIFY_NEXT = join(require.resolve('fastify-next/package.json'), '..', 'dist', 'cli.js')
const COPIED = ['next.config.ts', 'next.config.mjs', 'public', 'server', 'server.js', '.next']
const NOT_COPIED = ['cache', 'dev']
const MEDIA = join('.next', 'static', 'media')

/**
 * Builds an app, and copies what a server needs, since a process reads files of its build for as long as
 * it runs. Built it is where it was before: the id of a Server Action is made of the path of its file.
 * What browsers load is put where nginx looks.
 */
export async function makeRelease({ app, state, actionsKey, previous, onStart }) {
  const deployment = `${Date.now().toString(36)}-${randomBytes(2).toString('hex')}`
  const env = {
    ...process.env,
    // Next reads both from the environment, so no next.config has to have them.
    NEXT_DEPLOYMENT_ID: deployment,
    NEXT_SERVER_ACTIONS_ENCRYPTION_KEY: actionsKey
  }
  for (const args of [
    [NEXT, 'build', app],
    [FASTIFY_NEXT, 'compress', app]
  ]) {
    const script = startProgram(process.execPath, args, { env })
    onStart(script)
    await script.ended
    if (script.code !== 0) throw new Error('The build has failed')
  }

  const dir = join(state, 'releases', deployment)
  const left = NOT_COPIED.map(name => join(app, '.next', name))
  for (const name of COPIED) {
    await copy(join(app, name), join(dir, name), { filter: path => !left.includes(path) })
  }
  const files = join(state, 'static', deployment)
  await copy(join(dir, '.next', 'static'), join(files, '_next', 'static'))
  // Open pages ask `/_next/image` for the pictures that they know.
  if (previous) await copy(join(previous.dir, MEDIA), join(dir, MEDIA), { force: false })
  return { deployment, dir, files }
}

/** What there is of it. */
async function copy(from, to, options) {
  try {
    await cp(from, to, { recursive: true, ...options })
  } catch (error) {
    if (error.code !== 'ENOENT') throw error
  }
}
