import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join, relative } from 'node:path'
import { promisify } from 'node:util'
import { buildPlugin, repositoryPath } from './process.js'

const run = promisify(execFile)
/** The long lane has copies beside other versions of Next. */
const root = process.env.FIXTURES ?? join(import.meta.dirname, '..', 'fixtures')
const require = createRequire(join(root, 'package.json'))
const ENTRIES_FOR_PAGES = /fastify-next\/(?:context|instrumentation)/
const nextBin = require.resolve('next/dist/bin/next')

/** The absolute path of a fixture, or of a file in it. */
export function fixturePath(...names: string[]): string {
  return join(root, ...names)
}

/** Builds a fixture with the installed Next, unless that has been done. Resolves to its path. */
export async function builtFixture(name: string): Promise<string> {
  const dir = fixturePath(name)
  const stamp = join(dir, '.next', 'fixture-hash')
  const hash = await hashOf(dir)
  if ((await readFile(stamp, 'utf8').catch(() => '')) === hash) return dir
  const env = { ...process.env, NODE_ENV: 'production', NEXT_TELEMETRY_DISABLED: '1' } as const
  await run(process.execPath, [nextBin, 'build', dir], { env: { ...env, NODE_OPTIONS: '' } })
  await writeFile(stamp, hash)
  return dir
}

/** What the pages of a fixture import is in their build. */
async function entriesForPages(): Promise<string[]> {
  await buildPlugin()
  const names = ['context.js', 'instrumentation.js']
  return Promise.all(names.map(name => readFile(repositoryPath('dist', name), 'utf8')))
}

async function hashOf(dir: string): Promise<string> {
  const hash = createHash('sha256').update(require('next/package.json').version)
  const entries = await readdir(dir, { recursive: true, withFileTypes: true })
  const files = entries
    .filter(
      entry => entry.isFile() && !/[\\/](\.next|node_modules)([\\/]|$)/.test(entry.parentPath)
    )
    .map(entry => join(entry.parentPath, entry.name))
    .sort()
  for (const file of files) {
    const content = await readFile(file)
    hash.update(relative(dir, file)).update(content)
    if (ENTRIES_FOR_PAGES.test(content.toString())) {
      hash.update((await entriesForPages()).join())
    }
  }
  return hash.digest('hex')
}
