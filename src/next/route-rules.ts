import { join } from 'node:path'
import { readManifest } from './manifest.js'
import { ROUTER_HEADERS } from './router-headers.js'

interface Rule {
  regex?: string
  regexp?: string
  has?: Condition[]
  missing?: Condition[]
  headers?: { key?: string }[]
}

interface Condition {
  type?: string
  key?: string
}

/** What is asked of the rules. */
type Subject = 'file' | 'page' | 'rewrite' | 'description'

interface RoutesManifest {
  redirects?: Rule[]
  headers?: Rule[]
  onMatchHeaders?: Rule[]
  rewrites?: Rule[] | { beforeFiles?: Rule[]; afterFiles?: Rule[]; fallback?: Rule[] }
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
 * Whether a rule of the app may concern a path: its proxy, a redirect, a header, or a rewrite.
 *
 * For a file every rule counts that comes before files, whatever its conditions. For a page only those
 * with conditions do: what the others make of a path is the same for all. Of these the ones that may have
 * another answer in the place of a page are asked for apart, and so are the headers of a body.
 *
 * Without the manifests in the shape that is known, every path may be concerned.
 */
export function ruleMatcher(distDir: string, of: Subject): (path: string) => boolean {
  try {
    const rules = rulesOf(distDir, of)
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

function rulesOf(distDir: string, of: Subject): Rule[] {
  const routes = readManifest<RoutesManifest>(distDir, MANIFESTS.routes)
  const edge = readManifest<FunctionsManifest>(distDir, MANIFESTS.edge)
  const node = readManifest<FunctionsManifest>(distDir, MANIFESTS.node)
  const { redirects = [], headers = [], onMatchHeaders = [], rewrites = [] } = routes
  const ofRewrites = Array.isArray(rewrites) ? { afterFiles: rewrites } : rewrites
  const { beforeFiles = [], afterFiles = [], fallback = [] } = ofRewrites
  const proxies = [...Object.values(edge.middleware ?? {})]
  const { '/_middleware': proxy } = node.functions ?? {}
  if (proxy) proxies.push(proxy)
  const matchers = proxies.flatMap(({ matchers = [{ regexp: '.*' }] }) => matchers)
  if (of === 'rewrite') return [...redirects, ...beforeFiles]
  if (of === 'description') return [...headers, ...onMatchHeaders].filter(describesBody)
  const before = [...redirects, ...headers, ...onMatchHeaders, ...beforeFiles]
  if (of === 'file') return [...before, ...matchers]
  return [...[...before, ...afterFiles, ...fallback].filter(isConditional), ...matchers]
}

function describesBody({ headers = [] }: Rule): boolean {
  return headers.some(({ key = '' }) =>
    /^(?:content-(?:encoding|length|type)|etag|vary)$/i.test(key)
  )
}

/** Next has such rules of its own, for all paths with a `deploymentId`: lib/load-custom-routes.js. */
function isConditional({ has = [], missing = [] }: Rule): boolean {
  return [...has, ...missing].some(
    ({ type, key = '' }) => type !== 'header' || !ROUTER_HEADERS.includes(key.toLowerCase())
  )
}

function decode(path: string): string | undefined {
  try {
    return decodeURIComponent(path)
  } catch {
    return undefined
  }
}
