import { dirname, isAbsolute, join, relative } from 'node:path'
import type { FastifyBaseLogger } from 'fastify'
import { FST_NEXT_BUILD_INCOMPLETE, FST_NEXT_BUILD_NOT_FOUND } from '../errors.js'
import type { Settings } from '../options.js'
import { BuildFiles, inTurns, type Json } from './build-files.js'
import type { NextConfig } from './config.js'
import { checkPrerendered } from './prerendered.js'

/** The names of problems that a message has. */
const NAMED_PROBLEMS = 3

/**
 * Checks that a production build is whole. Next starts from most builds that are not, and answers
 * each page with 500, with half of its HTML or with scripts that are missing.
 *
 * What Next mends by itself is no problem: it renders again what was prerendered and is gone.
 * @throws FST_NEXT_BUILD_NOT_FOUND
 * @throws FST_NEXT_BUILD_INCOMPLETE
 */
export async function assertBuilt(
  settings: Settings,
  config: NextConfig,
  log: FastifyBaseLogger
): Promise<void> {
  const { dir } = settings
  const distDir = join(dir, config.distDir)
  const files = new BuildFiles(distDir)
  if (!files.has('BUILD_ID') && files.problems.length === 0) {
    throw new FST_NEXT_BUILD_NOT_FOUND(distDir, dir)
  }

  const { named, isStandalone } = checkManifests(files)
  const modules = modulesOf(files)
  for await (const module of inTurns([...modules, ...named.filter(isModule)])) {
    files.expect(module)
    if (!isStandalone) checkTrace(files, module)
  }
  // Next does not start without this directory, be it empty.
  if (!isStandalone) files.expectDirectory('static')
  if (!isStandalone && servesAssets(settings, config)) {
    const assets = await assetsOf(files, modules)
    if (assets.length > 0 && !assets.some(name => files.has(name))) warnOfNoAssets(distDir, log)
    else for (const name of assets) files.expect(name)
  }
  await checkPrerendered(files)

  const { problems } = files
  if (problems.length === 0) return
  const more = problems.length - NAMED_PROBLEMS
  const first = problems.slice(0, NAMED_PROBLEMS).join(', ')
  const text = more > 0 ? `${first}, and ${more} more` : first
  throw new FST_NEXT_BUILD_INCOMPLETE(distDir, text, dir, { cause: files.cause })
}

/**
 * The build itself lists what a server needs of it besides the pages. Of the rest the output
 * `standalone` leaves out what it has no use for, and all that browsers load.
 */
function checkManifests(files: BuildFiles): { named: string[]; isStandalone: boolean } {
  files.expect(LIST)
  const list = files.readManifest(LIST)
  const { distDir = '.next', output } = Object(list.config) as { distDir?: string; output?: string }
  const named = strings(list.files)
    .map(name => relative(distDir, name))
    .filter(name => !name.startsWith('..'))
  for (const name of named) {
    files.expect(name)
    if (name.endsWith('.json')) files.readManifest(name)
  }
  return { named, isStandalone: output === 'standalone' }
}

const LIST = 'required-server-files.json'

/** The modules and the HTML of pages, routes, proxy and middleware. */
function modulesOf(files: BuildFiles): string[] {
  const inServer = (name: string): string => join('server', name)
  const pages = ['pages-manifest.json', 'app-paths-manifest.json'].flatMap(name =>
    strings(files.readManifest(inServer(name)))
  )
  const edge = files.readManifest(inServer('middleware-manifest.json'))
  const functions = [edge.middleware, edge.functions].flatMap(group => Object.values(Object(group)))
  const ofNode = files.readManifest(inServer('functions-config-manifest.json'))
  return [
    // Turbopack has a mark in place of the modules for the edge runtime.
    ...pages.filter(name => isModule(name) || name.endsWith('.html')).map(inServer),
    ...functions.flatMap(value => strings((Object(value) as Json).files)),
    ...('/_middleware' in Object(ofNode.functions) ? [inServer('middleware.js')] : [])
  ]
}

function isModule(name: string): boolean {
  return name.endsWith('.js') && !isAbsolute(name)
}

/** The build traces which files a module loads. */
function checkTrace(files: BuildFiles, module: string): void {
  // Most of what is traced are packages: thousands of names for each module.
  const outside = '../'.repeat(module.split(/[\\/]/).length)
  for (const path of strings(files.readJson(`${module}.nft.json`).files)) {
    if (isModule(path) && !path.startsWith(outside)) files.expect(join(dirname(module), path))
  }
}

/** Whether browsers get scripts and styles from here. */
function servesAssets({ noServeAssets }: Settings, { assetPrefix }: NextConfig): boolean {
  return !noServeAssets && (assetPrefix === '' || /^\/(?!\/)/.test(assetPrefix))
}

/** Where another server has them, an image is built without. It is what is half there that is broken. */
function warnOfNoAssets(distDir: string, log: FastifyBaseLogger): void {
  log.warn(
    `No script or style of a page is in "${join(distDir, 'static')}": if another server has them, set "noServeAssets" to true with "catchAll" to false, else put them back.`
  )
}

/**
 * The scripts and styles that browsers are told of. A page names its own in manifests of its own,
 * besides those of all pages.
 */
async function assetsOf(files: BuildFiles, modules: string[]): Promise<string[]> {
  const ofEach = ['build-manifest.json', 'react-loadable-manifest.json']
  const ofPages = modules.filter(isModule).flatMap(module => {
    const page = module.slice(0, -'.js'.length)
    return [...ofEach.map(name => join(page, name)), `${page}_client-reference-manifest.js`]
  })
  const names = new Set<string>()
  for await (const manifest of inTurns([...ofEach, ...ofPages])) {
    for (const [, name] of files.readText(manifest)?.matchAll(ASSET) ?? []) names.add(String(name))
  }
  return [...names].map(name => (files.has(name) ? name : decode(name)))
}

/** The name of a file below `static/`: by itself, or in the path or URL that a browser is told. */
const ASSET =
  /"(?:[^"\\]*\/_next\/(?=static\/(?:chunks|css)\/))?(static\/[^"\\?]+\.(?:js|css))[?"]/g

/** webpack has some names as they are in a URL, and others as they are on the disk. */
function decode(name: string): string {
  try {
    return decodeURIComponent(name)
  } catch {
    return name
  }
}

/** The texts among the members of a list or an object. */
function strings(value: unknown): string[] {
  return Object.values(Object(value)).filter(member => typeof member === 'string')
}
