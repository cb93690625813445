import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, realpath, rename, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import type { Test } from 'tap'
import { buildPlugin, repositoryPath } from './process.js'

const run = promisify(execFile)

interface Manifest {
  dependencies: Record<string, string>
  bin: Record<string, string>
  exports: Record<string, unknown>
  peerDependencies: Record<string, string>
  peerDependenciesMeta: Record<string, { optional?: boolean } | undefined>
}

interface Consumer {
  /** A directory outside of the repository, in which `fastify-next` is installed. */
  dir: string
  /** Where in it the package is. */
  installed: string
  manifest: Manifest
  /** What `npm publish` would upload. */
  tarball: string
}

/**
 * Packs the plugin as npm does, and installs it where nothing but its dependencies and the peers
 * that it requires can be found.
 */
export async function installConsumer(t: Test): Promise<Consumer> {
  await buildPlugin()
  // The compiler gives real paths.
  const root = await realpath(await mkdtemp(join(tmpdir(), 'fastify-next-consumer-')))
  t.teardown(() => rm(root, { force: true, recursive: true }))
  const tarball = await pack(root)
  const dir = join(root, 'consumer')
  const installed = join(dir, 'node_modules', 'fastify-next')
  await mkdir(dirname(installed), { recursive: true })
  await run('tar', ['-xzf', tarball, '-C', root])
  await rename(join(root, 'package'), installed)

  const manifest: Manifest = JSON.parse(await readFile(join(installed, 'package.json'), 'utf8'))
  for (const name of [...requiredBy(manifest), ...TYPES]) {
    const link = join(dir, 'node_modules', name)
    await mkdir(dirname(link), { recursive: true })
    await symlink(repositoryPath('node_modules', name), link)
  }
  return { dir, installed, manifest, tarball }
}

/** What a user of TypeScript installs beside the peers. */
const TYPES = ['@types/node', '@types/react', '@types/react-dom']

function requiredBy({ dependencies, peerDependencies, peerDependenciesMeta }: Manifest): string[] {
  const peers = Object.keys(peerDependencies).filter(name => !peerDependenciesMeta[name]?.optional)
  return [...Object.keys(dependencies), ...peers]
}

/** Without the scripts: they would build the plugin once more. */
async function pack(destination: string): Promise<string> {
  const { stdout } = await run(
    'npm',
    ['pack', '--ignore-scripts', '--json', '--pack-destination', destination],
    { cwd: repositoryPath() }
  )
  const [{ filename }] = JSON.parse(stdout)
  return join(destination, filename)
}
