import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { FST_NEXT_CONFIG_FAILED, FST_NEXT_PREPARE_FAILED } from '../errors.js'
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
 * @throws FST_NEXT_CONFIG_FAILED in development, when a rule's function does
 * @throws FST_NEXT_PREPARE_FAILED in production, when the build's manifest can't be read
 */
export async function pathsOutsideBasePath(
  next: NextPackage,
  config: Readonly<NextConfig>,
  { dir, dev }: { dir: string; dev: boolean }
): Promise<RegExp[]> {
  const { redirects, rewrites, headers } = dev
    ? await rulesOfConfig(config, dir)
    : await rulesOfBuild(config, dir)
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

async function rulesOfBuild({ distDir }: Readonly<NextConfig>, dir: string): Promise<Rules> {
  try {
    return JSON.parse(await readFile(join(dir, distDir, 'routes-manifest.json'), 'utf8')) as Rules
  } catch (cause) {
    throw new FST_NEXT_PREPARE_FAILED(dir, { cause })
  }
}

async function rulesOfConfig(config: Readonly<NextConfig>, dir: string): Promise<Rules> {
  const read = async (name: keyof Rules): Promise<unknown> => {
    const list = config[name]
    return typeof list === 'function' ? await list.call(config) : undefined
  }
  try {
    const [redirects, rewrites, headers] = await Promise.all([
      read('redirects'),
      read('rewrites'),
      read('headers')
    ])
    return { redirects, rewrites, headers } as Rules
  } catch (cause) {
    throw new FST_NEXT_CONFIG_FAILED(dir, { cause })
  }
}

function expressionOf(next: NextPackage, { source }: Rule): RegExp {
  const { pathToRegexp } = next.load('next/dist/compiled/path-to-regexp') as {
    pathToRegexp: PathToRegexp
  }
  // The options of next/dist/shared/lib/router/utils/path-match.js
  return pathToRegexp(source, [], { delimiter: '/', sensitive: false, strict: true })
}
