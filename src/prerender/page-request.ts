import type { IncomingHttpHeaders } from 'node:http'
import { ROUTER_HEADERS } from '../next/router-headers.js'
import { weightsOf } from '../static/accept-encoding.js'

/**
 * Headers by which a client gets something else than the page, or may: those of Next's router, and all
 * that look like one of Next's own.
 */
const OF_NEXT = /^(?:rsc$|next-|x-(?:next|middleware|matched|now|invoke|invocation|prerender)-?)/
/** The Pages Router sends it with its requests for data. */
const OF_DATA = 'x-nextjs-data'
const OTHERS = new Set([
  'content-length',
  'expect',
  'if-match',
  'if-range',
  'if-unmodified-since',
  'range',
  'transfer-encoding',
  'upgrade'
])
/** Of draft mode, of preview mode, and of Next's tests. */
const COOKIES = /__prerender_bypass|__next_preview_data|next-instant-navigation-testing/
/** Parameters that mean something to Next, and those whose names are not to be read at a glance. */
const QUERY = /(?:^|&)(?:_rsc|nxt[PI]|next|__next|dpl|amp|[^=&]*[%+])/i
/** What is answered to longer ones is not worth the memory. */
const MAX_LENGTH = 4_096

/** What is looked at of a request. */
export interface Asked {
  method?: string | undefined
  url?: string | undefined
  headers: IncomingHttpHeaders
}

/**
 * Under which name the answer to a request may be kept and found; `undefined` for what only Next can
 * answer. It has the path, and of Next's routers what the answer depends on, each exactly as it came.
 */
export function nameOf({ method, url = '', headers }: Asked): string | undefined {
  if (method !== 'GET' && method !== 'HEAD') return undefined
  if (url.length > MAX_LENGTH) return undefined
  const kind = kindOf(headers)
  if (kind === undefined) return undefined
  const path = pathOf(url)
  if (!isCanonical(path)) return undefined
  const query = url.slice(path.length + 1)
  const coding = method === 'HEAD' ? 'identity' : codingOf(headers['accept-encoding'])
  if (coding === undefined) return undefined
  if (kind === 'router') {
    if (headers.rsc !== '1' || !/^_rsc(?:=[\w-]*)?$/.test(query)) return undefined
    // Next tells an empty one from none.
    const values = ROUTER_HEADERS.map(name =>
      headers[name] === undefined ? '' : `=${headers[name]}`
    )
    const name = [path, coding, query, ...values].join('\n')
    return name.length > MAX_LENGTH ? undefined : name
  }
  if (query !== '' && QUERY.test(query)) return undefined
  if (kind === 'plain') return `${path}\n${coding}`
  return path.includes('/_next/data/') && headers[OF_DATA] === '1'
    ? `${path}\n${coding}\ndata`
    : undefined
}

/** Whether the answer to a request that has a name is kept under it. */
export function isKept({ method, url = '', headers }: Asked): boolean {
  return method === 'GET' && (!url.includes('?') || headers.rsc !== undefined)
}

/** The path in a URL. */
export function pathOf(url: string): string {
  const end = url.indexOf('?')
  return end === -1 ? url : url.slice(0, end)
}

type Kind = 'plain' | 'router' | 'data' | undefined
type Verdict = 'harmless' | 'cookie' | 'router' | 'data' | 'refused'

/** Clients send a few dozen different names. */
const verdicts = new Map<string, Verdict>()
const MAX_VERDICTS = 500

function kindOf(headers: IncomingHttpHeaders): Kind {
  let kind: Kind = 'plain'
  for (const name in headers) {
    const verdict = verdicts.get(name) ?? judge(name)
    if (verdict === 'harmless') continue
    if (verdict === 'refused') return undefined
    if (verdict === 'cookie') {
      if (COOKIES.test(String(headers.cookie))) return undefined
    } else {
      if (kind !== 'plain' && kind !== verdict) return undefined
      kind = verdict
    }
  }
  return kind
}

function judge(name: string): Verdict {
  const verdict = verdictOn(name)
  if (verdicts.size >= MAX_VERDICTS) verdicts.clear()
  if (name.length < 100) verdicts.set(name, verdict)
  return verdict
}

function verdictOn(name: string): Verdict {
  if (name === 'cookie') return 'cookie'
  if (name === OF_DATA) return 'data'
  if (ROUTER_HEADERS.includes(name)) return 'router'
  return OTHERS.has(name) || OF_NEXT.test(name) ? 'refused' : 'harmless'
}

const PLAIN = /^\/[\w.~!$'()*+,:@=/-]*$/
/** Next sends on from these, or takes them for a part of a parameter. */
const AMBIGUOUS = /\/\/|\/\.{1,2}(?:\/|$)|%(?:2f|5c)/i

/** Whether there is one way only to write a path. */
function isCanonical(path: string): boolean {
  if (AMBIGUOUS.test(path)) return false
  if (PLAIN.test(path)) return true
  if (!path.startsWith('/')) return false
  try {
    const parts = path.split('/').map(part => encodeURIComponent(decodeURIComponent(part)))
    return parts.join('/') === path
  } catch {
    return false
  }
}

type CodingOfNext = 'gzip' | 'identity' | undefined

/** Browsers send a handful of different ones. */
const codings = new Map<string, CodingOfNext>()
const MAX_CODINGS = 200

/**
 * What Next codes an answer in, if it codes it: next/dist/compiled/compression. It has gzip and
 * deflate, and of these it takes gzip wherever that is accepted.
 */
function codingOf(acceptEncoding: string | string[] | undefined): CodingOfNext {
  if (acceptEncoding === undefined || acceptEncoding === 'identity') return 'identity'
  if (typeof acceptEncoding !== 'string' || acceptEncoding.length > 200) return undefined
  if (codings.has(acceptEncoding)) return codings.get(acceptEncoding)
  const coding = negotiate(acceptEncoding)
  if (codings.size >= MAX_CODINGS) codings.clear()
  codings.set(acceptEncoding, coding)
  return coding
}

/** What is not plain is left to Next. */
function negotiate(acceptEncoding: string): CodingOfNext {
  const weights = weightsOf(acceptEncoding)
  if (weights === undefined || weights.has('*') || weights.has('identity')) return undefined
  if (weights.has('gzip')) return Number(weights.get('gzip')) > 0 ? 'gzip' : undefined
  return weights.has('deflate') ? undefined : 'identity'
}
