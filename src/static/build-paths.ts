import { type Dirent, readdirSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { readManifest } from '../next/manifest.js'
import { ruleMatcher } from '../next/route-rules.js'
import { ENCODERS } from './codings.js'

interface Build {
  distDir: string
  basePath: string
  assetPrefix: string
}

/** A file of the build that browsers load, and the paths under which Next may have it. */
export interface BuildPath {
  file: string
  urls: string[]
}

/**
 * Lists what Next serves from `static/` of the build, what every page needs first. Left out is what
 * the app has rules for.
 */
export function buildPaths({ distDir, basePath, assetPrefix }: Build): BuildPath[] {
  const root = join(distDir, 'static')
  const needed = namesOfEachPage(distDir)
  const isConcerned = ruleMatcher(distDir, 'file')
  const prefixes = new Set(['', basePath, assetPrefix.startsWith('/') ? assetPrefix : basePath])
  const ordered = [...namesBelow(root)].sort((one, other) => rank(one) - rank(other))
  function rank(name: string): number {
    return needed.has(`static/${name}`) ? 0 : 1
  }
  return ordered.flatMap(name => {
    const paths = pathsOf(`/_next/static/${name}`)
    const urls = [...prefixes].flatMap(prefix => paths.map(path => prefix + path))
    return urls.some(isConcerned) ? [] : [{ file: join(root, name), urls }]
  })
}

/** With slashes; without what a step of the build has made of other files. */
export function namesBelow(root: string): Set<string> {
  const names = entriesBelow(root)
    .filter(entry => entry.isFile())
    .map(({ parentPath, name }) => relative(root, join(parentPath, name)).split(sep).join('/'))
  const all = new Set(names)
  const extensions = [...ENCODERS.values()].map(({ extension }) => extension)
  for (const name of names) {
    const extension = extensions.find(extension => name.endsWith(extension))
    if (extension && all.has(name.slice(0, -extension.length))) all.delete(name)
  }
  return all
}

/** With the output `standalone` there may be none here. */
function entriesBelow(root: string): Dirent[] {
  try {
    return readdirSync(root, { recursive: true, withFileTypes: true })
  } catch {
    return []
  }
}

function namesOfEachPage(distDir: string): Set<string> {
  try {
    const { rootMainFiles = [], pages = {} } = readManifest<{
      rootMainFiles?: string[]
      pages?: { '/_app'?: string[] }
    }>(distDir, 'build-manifest.json')
    return new Set([...rootMainFiles, ...(pages['/_app'] ?? [])])
  } catch {
    return new Set()
  }
}

/** Next knows a file by its encoded path, and takes the plain one for it too: filesystem.js. */
function pathsOf(path: string): string[] {
  const encoded = path.split('/').map(encodeURIComponent).join('/')
  return encoded === path || /[%?#\\]/.test(path) ? [encoded] : [encoded, path]
}
