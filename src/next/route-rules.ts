import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

interface Rule {
  regex?: string
  regexp?: string
}

interface RoutesManifest {
  redirects?: Rule[]
  headers?: Rule[]
  onMatchHeaders?: Rule[]
  rewrites?: Rule[] | { beforeFiles?: Rule[] }
}

interface FunctionsManifest {
  middleware?: Record<string, { matchers?: Rule[] }>
  functions?: Record<string, { matchers?: Rule[] }>
}

/** Where Next keeps the rules of a build: next/dist/server/lib/router-utils/filesystem.js. */
const MANIFESTS = {
  routes: 'routes-manifest.json',
  edge: join('server', 'middleware-manifest.json'),
  node: join('server', 'functions-config-manifest.json')
} as const

/**
 * Whether a rule of the app may concern the path of a file: its proxy, a redirect, a header, or a
 * rewrite that comes before files. The conditions of rules don't count: what they say differs by
 * request.
 *
 * Without the manifests in the shape that is known, every path may be concerned.
 */
export async function ruleMatcher(distDir: string): Promise<(path: string) => boolean> {
  try {
    const rules = await rulesOf(distDir)
    const expressions = rules.map(({ regex = '', regexp = regex }) => {
      if (regexp === '') throw new TypeError('A rule without its expression')
      return new RegExp(regexp, 'i')
    })
    return path => {
      // Next asks for a proxy by both: next/dist/server/lib/router-utils/resolve-routes.js.
      const decoded = decode(path)
      return (
        decoded === undefined ||
        expressions.some(expression => expression.test(path) || expression.test(decoded))
      )
    }
  } catch {
    return () => true
  }
}

async function rulesOf(distDir: string): Promise<Rule[]> {
  const read = async (name: string): Promise<unknown> =>
    JSON.parse(await readFile(join(distDir, name), 'utf8'))
  const routes = (await read(MANIFESTS.routes)) as RoutesManifest
  const edge = (await read(MANIFESTS.edge)) as FunctionsManifest
  const node = (await read(MANIFESTS.node)) as FunctionsManifest
  const { redirects = [], headers = [], onMatchHeaders = [], rewrites = [] } = routes
  const beforeFiles = Array.isArray(rewrites) ? [] : (rewrites.beforeFiles ?? [])
  const proxies = [...Object.values(edge.middleware ?? {})]
  const { '/_middleware': proxy } = node.functions ?? {}
  if (proxy) proxies.push(proxy)
  const matchers = proxies.flatMap(({ matchers = [{ regexp: '.*' }] }) => matchers)
  return [...redirects, ...headers, ...onMatchHeaders, ...beforeFiles, ...matchers]
}

function decode(path: string): string | undefined {
  try {
    return decodeURIComponent(path)
  } catch {
    return undefined
  }
}
