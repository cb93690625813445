import { existsSync, readFileSync } from 'node:fs'
import { copyFile, mkdir, readdir, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { FST_NEXT_BUNDLE_FOLDER_IN_USE } from '../errors.js'
import type { FileTree } from './file-tree.js'
import { TREE } from './start-file.js'

const NAME = 'fastify-next-bundle'
const MANIFEST = 'package.json'
const START = 'server.js'
const OWN = new Set([MANIFEST, START, TREE])
/** How many files are copied at once. */
const COPIES = 32

/** @throws FST_NEXT_BUNDLE_FOLDER_IN_USE */
export async function assertFree(folder: string): Promise<void> {
  const names = existsSync(folder) ? await readdir(folder) : []
  const isOwn = names.every(name => OWN.has(name)) && nameOf(join(folder, MANIFEST)) === NAME
  if (names.length > 0 && !isOwn) throw new FST_NEXT_BUNDLE_FOLDER_IN_USE(folder)
}

interface Content {
  /** What is at the place of the tree. */
  root: string
  tree: FileTree
  /** The text of files that are made for the bundle. */
  made: ReadonlyMap<string, string>
  /** What has to be there, be it empty. */
  directories: readonly string[]
  /** The script that starts it. */
  start: string
}

/** Writes a bundle in the place of an earlier one. */
export async function writeBundle(
  folder: string,
  { root, tree, made, directories, start }: Content
): Promise<void> {
  const within = (path: string) => join(folder, TREE, relative(root, path))
  const placeFor = async (path: string): Promise<string> => {
    await mkdir(dirname(within(path)), { recursive: true })
    return within(path)
  }
  await rm(folder, { force: true, recursive: true })
  await mkdir(folder, { recursive: true })
  // The first of all: a bundle that was left half-written is replaced by the next.
  await writeFile(join(folder, MANIFEST), OWN_MANIFEST)
  for (const path of directories) await mkdir(within(path), { recursive: true })
  const files = [...tree.files]
  const work = async (): Promise<void> => {
    for (let path = files.pop(); path !== undefined; path = files.pop()) {
      await copy(path, await placeFor(path))
    }
  }
  await Promise.all(Array.from({ length: COPIES }, work))
  for (const [path, target] of tree.links) {
    await symlink(relative(dirname(path), target), await placeFor(path))
  }
  for (const [path, text] of made) await writeFile(await placeFor(path), text)
  await writeFile(join(folder, START), start)
}

/** With its time: an entity tag is made of it, and brotli of an older time than the file is not served. */
async function copy(from: string, to: string): Promise<void> {
  await copyFile(from, to)
  const { atime, mtime } = await stat(from)
  await utimes(to, atime, mtime)
}

const OWN_MANIFEST = `${JSON.stringify({ name: NAME, private: true, type: 'module' }, null, 2)}\n`

function nameOf(path: string): unknown {
  try {
    return Object(JSON.parse(readFileSync(path, 'utf8'))).name
  } catch {
    return undefined
  }
}
