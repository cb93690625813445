import { statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path'
import { FST_NEXT_SERVER_FILE_NOT_FOUND } from '../errors.js'
import { addApp, type BuiltApp, builtApp, isLeftOut } from '../next/bundled-app.js'
import { realPath } from '../real-path.js'
import { FileTree } from './file-tree.js'
import { assertFree, writeBundle } from './output-folder.js'
import { startFile } from './start-file.js'
import { trace } from './trace.js'

export interface BundleOptions {
  /** The file that starts the server. */
  server: string
  /** The directories of the apps; by default that of the server file. */
  dirs?: readonly string[]
  /** The folder that is written, by default `bundle` in the first app's build. */
  out?: string
  /** Modules and packages that are loaded by names which only the running server knows. */
  include?: readonly string[]
}

export interface Bundle {
  folder: string
  /** What is in it, by where it was. */
  files: ReadonlySet<string>
  /** What is not in it, though the server loads it: a message for each. */
  missing: string[]
}

/**
 * Puts what a server needs into a folder of its own, from which it runs with nothing installed.
 * @throws FST_NEXT_SERVER_FILE_NOT_FOUND
 * @throws FST_NEXT_NOTHING_TO_BUNDLE
 * @throws FST_NEXT_BUNDLE_FOLDER_IN_USE
 * @throws FST_NEXT_NFT_NOT_INSTALLED
 */
export async function bundle({
  server: name,
  dirs = [dirname(name)],
  out,
  include = []
}: BundleOptions): Promise<Bundle> {
  const server = realPath(resolve(name))
  if (!isFile(server)) throw new FST_NEXT_SERVER_FILE_NOT_FOUND(server)
  // One after another: Next's loader of TypeScript changes what the process requires.
  const apps: BuiltApp[] = []
  for (const dir of dirs) apps.push(await builtApp(realPath(resolve(dir))))
  const distDirs = apps.map(({ distDir }) => distDir)
  const folder = resolve(out ?? join(String(distDirs[0]), 'bundle'))
  await assertFree(folder)

  const cwd = process.cwd()
  const require = createRequire(server)
  const entries = [server, ...include.map(id => moduleOf(id, require)), ...ownModules(require)]
  const { files, missing } = await trace([...entries, ...apps.flatMap(app => app.entries)], {
    cwd,
    isLeftOut: path => isLeftOut(path) || isWithin(path, [folder, ...distDirs])
  })
  const tree = new FileTree(path => isLeftOut(path) || isWithin(path, [folder]))
  for (const path of files) tree.add(path)
  for (const app of apps) addApp(tree, app)
  tree.addManifests()

  const made = new Map(apps.map(({ config }) => config))
  const root = commonDirectory([...tree.files, ...tree.links.keys(), ...tree.links.values()], cwd)
  const start = startFile({ server: relative(root, server), cwd: relative(root, cwd) })
  // Next does not start without the one, nor the start file without the other.
  const directories = [...distDirs.map(distDir => join(distDir, 'static')), cwd]
  await writeBundle(folder, { root, tree, made, directories, start })
  return { folder, files: tree.files, missing }
}

/** A file by its path, or else a module by its name. */
function moduleOf(id: string, require: NodeJS.Require): string {
  const path = resolve(id)
  return isFile(path) ? realPath(path) : require.resolve(id)
}

/** What the plugin imports by a path that it computes. */
function ownModules(require: NodeJS.Require): string[] {
  try {
    const dist = dirname(require.resolve('fastify-next'))
    return ['guarded-cache-handler.js', 'shared-data-cache-handler.js'].map(name =>
      join(dist, name)
    )
  } catch {
    return []
  }
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true
}

function isWithin(path: string, directories: readonly string[]): boolean {
  return directories.some(directory => path.startsWith(directory + sep))
}

function commonDirectory(paths: readonly string[], directory: string): string {
  let common = directory
  for (const path of paths) {
    while (isOutside(relative(common, path))) common = dirname(common)
  }
  return common
}

function isOutside(path: string): boolean {
  return path === '..' || path.startsWith(`..${sep}`) || isAbsolute(path)
}
