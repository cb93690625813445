import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { FileTree } from '../bundle/file-tree.js'
import { FST_NEXT_NOTHING_TO_BUNDLE } from '../errors.js'
import { bundledConfig, bundledConfigPath } from './bundled-config.js'
import { distDirOf } from './dist-dir.js'
import { findNext } from './load.js'

/** An app with its build. */
export interface BuiltApp {
  dir: string
  distDir: string
  /** What Next loads besides the modules of the build. */
  entries: string[]
  /** What stands in the place of `next.config`, by its path. */
  config: [path: string, text: string]
  /** What the build lists as needed by a server. */
  named: string[]
}

interface RequiredServerFiles {
  config: { cacheHandler?: string; cacheHandlers?: Record<string, string | undefined> }
  files: string[]
}

/**
 * @throws FST_NEXT_NOTHING_TO_BUNDLE
 * @throws FST_NEXT_CONFIG_FAILED
 * @throws FST_NEXT_DIR_NOT_FOUND
 * @throws FST_NEXT_NOT_INSTALLED
 * @throws FST_NEXT_UNSUPPORTED_VERSION
 */
export async function builtApp(dir: string): Promise<BuiltApp> {
  const { directory } = findNext(dir)
  const distDir = await distDirOf(dir)
  const list = join(distDir, 'required-server-files.json')
  if (!existsSync(list)) throw new FST_NEXT_NOTHING_TO_BUNDLE(distDir, dir)
  const { config, files } = JSON.parse(readFileSync(list, 'utf8')) as RequiredServerFiles
  const handlers = [config.cacheHandler, ...Object.values(config.cacheHandlers ?? {})]
  return {
    dir,
    distDir,
    entries: [
      ...SERVER_MODULES.map(name => join(directory, 'dist', name)).filter(path => existsSync(path)),
      ...handlers.filter(path => path !== undefined).map(path => handlerPath(path, distDir))
    ],
    config: [bundledConfigPath(dir), bundledConfig(config)],
    named: [list, ...files.map(name => join(dir, name))]
  }
}

/** Adds the build and what its modules load, as `copyTracedFiles` in next/dist/build/utils.js, and `public`. */
export function addApp(tree: FileTree, { dir, distDir, named }: BuiltApp): void {
  for (const path of named) tree.add(path)
  // Next's standalone output has these two of the files that it loads, and not the local ones.
  for (const name of ['.env', '.env.production']) tree.add(join(dir, name))
  tree.addAll(join(dir, 'public'))
  tree.addAll(join(distDir, 'static'))
  tree.addAll(join(distDir, 'cache', 'fetch-cache'))
  const traces = [join(distDir, 'next-server.js.nft.json')]
  for (const name of readdirSync(join(distDir, 'server'), { recursive: true, encoding: 'utf8' })) {
    const path = join(distDir, 'server', name)
    if (name.endsWith('.nft.json')) traces.push(path)
    // Traces name the maps that they want.
    else if (!name.endsWith('.map')) tree.add(path)
  }
  for (const path of traces.flatMap(tracedFiles)) tree.add(path)
}

function tracedFiles(trace: string): string[] {
  if (!existsSync(trace)) return []
  const { files } = JSON.parse(readFileSync(trace, 'utf8')) as { files: string[] }
  return files.map(name => resolve(dirname(trace), name))
}

/** What the plugin loads of Next by itself, and what Next's custom server does. */
const SERVER_MODULES = [
  'compiled/fresh/index.js',
  'compiled/path-to-regexp/index.js',
  'server/config.js',
  'server/lib/incremental-cache/index.js',
  'server/lib/incremental-cache/file-system-cache.js',
  'server/lib/incremental-cache/memory-cache.external.js',
  'server/lib/incremental-cache/shared-cache-controls.external.js',
  'server/lib/incremental-cache/tags-manifest.external.js',
  'server/lib/route-cache-key.js',
  'server/lib/start-server.js',
  'server/lib/streaming-metadata.js',
  'server/next-server.js',
  'server/next.js',
  'server/node-environment.js',
  'server/require-hook.js'
]

const LEFT_OUT = [
  // Only development loads these, and with them the compilers, in next.js and lib/router-server.js.
  /[\\/]next[\\/]dist[\\/]server[\\/](dev[\\/]next-dev-server|lib[\\/]router-utils[\\/]setup-dev-bundler)\.js$/,
  /[\\/]next[\\/]dist[\\/]docs[\\/]/,
  // As next/dist/build/collect-build-traces.js.
  /[\\/]next[\\/]dist[\\/]compiled[\\/]next-server[\\/].*\.dev\.js$/,
  /[\\/]next[\\/]dist[\\/]compiled[\\/]webpack[\\/][^\\/]+$/,
  /[\\/]next[\\/]dist[\\/]compiled[\\/]@mswjs[\\/]interceptors[\\/]ClientRequest[\\/](LICENSE$|llhttp[\\/])/,
  /[\\/]next[\\/]dist[\\/]server[\\/]lib[\\/]route-resolver/,
  /[\\/]next[\\/]dist[\\/](lib[\\/]upgrade|pages)[\\/]/,
  /[\\/]node_modules[\\/]react(-dom(-server-turbopack)?)?[\\/].*\.development\.js$/,
  /[\\/]node_modules[\\/].*(\.map|\.d\.[cm]?ts)$/
]

/** Whether a production server has no use for a file of a package. */
export function isLeftOut(path: string): boolean {
  return LEFT_OUT.some(pattern => pattern.test(path))
}

function handlerPath(path: string, distDir: string): string {
  return path.startsWith('file://') ? fileURLToPath(path) : resolve(distDir, path)
}
