import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { NextConfig } from './config.js'
import type { NextPackage } from './load.js'

interface Rule {
  source: string
  basePath?: false
  /** Made by Next, to add or take away a trailing slash. */
  internal?: true
  regex?: string
}

type Rewrites = readonly Rule[] | { readonly [phase: string]: readonly Rule[] | undefined }

interface Rules {
  redirects?: readonly Rule[]
  rewrites?: Rewrites
  headers?: readonly Rule[]
}

type PathToRegexp = (source: string, keys: unknown[], options: object) => RegExp

/**
 * The paths outside of the basePath that Next answers: those for which the app has a rule (a
 * redirect, a rewrite or a header) with `basePath: false`, and its files when the assetPrefix is a
 * path.
 */
export async function pathsOutsideBasePath(
  next: NextPackage,
  config: Readonly<NextConfig>,
  { dir, dev }: { dir: string; dev: boolean }
): Promise<RegExp[]> {
  const { redirects, rewrites, headers } = dev
    ? await rulesOfConfig(config)
    : await rulesOfBuild(join(dir, config.distDir))
  const rules = [redirects, headers, ...listsOf(rewrites)]
    .flatMap(list => list ?? [])
    .filter(rule => rule.basePath === false && !rule.internal)

  // With locales Next matches a path of its own making, with the default locale in front.
  if (rules.length > 0 && config.i18n) return [/^\//]
  const outside = rules.map(rule =>
    rule.regex ? new RegExp(rule.regex, 'i') : expressionOf(next, rule)
  )
  const { assetPrefix, basePath } = config
  if (assetPrefix.startsWith('/') && assetPrefix !== basePath) {
    const literal = assetPrefix.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
    outside.push(new RegExp(`^${literal}/_next/`))
  }
  return outside
}

function listsOf(rewrites: Rewrites | undefined): (readonly Rule[] | undefined)[] {
  return Array.isArray(rewrites) ? [rewrites] : Object.values(rewrites ?? {})
}

async function rulesOfBuild(distDir: string): Promise<Rules> {
  return JSON.parse(await readFile(join(distDir, 'routes-manifest.json'), 'utf8')) as Rules
}

async function rulesOfConfig(config: Readonly<NextConfig>): Promise<Rules> {
  const read = async (name: keyof Rules): Promise<unknown> => {
    const list = config[name]
    return typeof list === 'function' ? await list.call(config) : undefined
  }
  const [redirects, rewrites, headers] = await Promise.all([
    read('redirects'),
    read('rewrites'),
    read('headers')
  ])
  return { redirects, rewrites, headers } as Rules
}

function expressionOf(next: NextPackage, { source }: Rule): RegExp {
  const { pathToRegexp } = next.load('next/dist/compiled/path-to-regexp') as {
    pathToRegexp: PathToRegexp
  }
  // The options of next/dist/shared/lib/router/utils/path-match.js
  return pathToRegexp(source, [], { delimiter: '/', sensitive: false, strict: true })
}
