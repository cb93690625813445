import { existsSync } from 'node:fs'
import { lstat, mkdtemp, readdir, realpath, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Test } from 'tap'
import { makeReadOnly } from './disk.js'
import { startServer } from './process.js'

/** An empty directory outside of the repository, below nothing that has packages. */
export async function emptyDirectory(t: Test): Promise<string> {
  const path = await realpath(await mkdtemp(join(tmpdir(), 'fastify-next-bundle-')))
  t.teardown(() => rm(path, { force: true, recursive: true }))
  for (let at = path; at !== dirname(at); at = dirname(at)) {
    if (existsSync(join(at, 'node_modules'))) throw new Error(`There are packages in "${at}"`)
  }
  return path
}

/**
 * Moves a bundle to where nothing is installed and nothing can be written, and starts it with
 * nothing in its environment.
 */
export async function startBundle(t: Test, made: string, ready: RegExp) {
  const folder = join(await emptyDirectory(t), 'moved')
  await rename(made, folder)
  makeReadOnly(t, folder)
  const nothing = Object.fromEntries(Object.keys(process.env).map(name => [name, undefined]))
  return startServer(t, join(folder, 'server.js'), ready, {
    cwd: tmpdir(),
    env: { ...nothing, PATH: process.env.PATH, PORT: '0' } as NodeJS.ProcessEnv
  })
}

/** The files in a directory by their path there, and how many bytes they take. */
export async function sizesIn(directory: string): Promise<Map<string, number>> {
  const names = await readdir(directory, { recursive: true })
  const stats = await Promise.all(names.map(name => lstat(join(directory, name))))
  const files = names.map((name, index) => [name, stats[index]] as const)
  return new Map(files.flatMap(([name, file]) => (file?.isFile() ? [[name, file.size]] : [])))
}
