import { readdir, readFile } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
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
export async function buildPaths({ distDir, basePath, assetPrefix }: Build): Promise<BuildPath[]> {
  const root = join(distDir, 'static')
  const [names, needed, isConcerned] = await Promise.all([
    namesBelow(root),
    namesOfEachPage(distDir),
    ruleMatcher(distDir, 'file')
  ])
  const prefixes = new Set(['', basePath, assetPrefix.startsWith('/') ? assetPrefix : basePath])
  const ordered = [...names].sort((one, other) => rank(one) - rank(other))
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
export async function namesBelow(root: string): Promise<Set<string>> {
  // With the output `standalone` there may be none here.
  const entries = await readdir(root, { recursive: true, withFileTypes: true }).catch(() => [])
  const names = entries
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

async function namesOfEachPage(distDir: string): Promise<Set<string>> {
  try {
    const text = await readFile(join(distDir, 'build-manifest.json'), 'utf8')
    const { rootMainFiles = [], pages = {} } = JSON.parse(text) as {
      rootMainFiles?: string[]
      pages?: { '/_app'?: string[] }
    }
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
