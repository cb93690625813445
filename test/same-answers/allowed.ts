import type { Answer, Request } from './exchange.js'
import { METHODS } from './variants.js'

export interface Allowance {
  reason: string
  applies(request: Request, next: Answer, plugin: Answer): boolean
}

/** What Fastify writes for the errors of Node's parser. */
export const REFUSED = /^\{"error":"[\w ]+","message":"[\w ,]+","statusCode":4\d\d\}$/

const ROUTED: readonly string[] = METHODS

function isMalformed(path: string): boolean {
  try {
    decodeURIComponent(path.split('?', 1)[0] ?? '')
    return false
  } catch {
    return true
  }
}

/** Whether Fastify says that it has no route. */
export function isNotFoundByFastify({ status, headers }: Answer): boolean {
  return (
    status === '404 Not Found' && headers.join() === 'content-type: application/json; charset=utf-8'
  )
}

/** Whether an answer has come to its end, with this status. */
export function isWhole({ error, status }: Answer, ...expected: readonly string[]): boolean {
  return error === undefined && expected.includes(status)
}

/** What differs on purpose, in every app. */
export const ALLOWED: readonly Allowance[] = [
  {
    reason: 'Fastify answers a malformed URL with 400',
    applies: ({ method, path }, _next, plugin) =>
      isMalformed(path) &&
      plugin.status === '400 Bad Request' &&
      (method === 'HEAD' || plugin.body.includes('"FST_ERR_BAD_URL"'))
  },
  {
    reason: 'An absolute URL and OPTIONS * do not reach Next',
    applies: ({ path }, _next, plugin) => !path.startsWith('/') && isNotFoundByFastify(plugin)
  },
  {
    reason: 'Fastify does not route the method',
    applies: ({ method }, _next, plugin) =>
      !ROUTED.includes(method) &&
      (isNotFoundByFastify(plugin) || plugin.body.includes('"FST_ERR_ROUTE_MISSING_CONTENT_TYPE"'))
  },
  {
    reason: "Fastify answers what Node's parser refuses in JSON, and plain Node with nothing",
    applies: (_request, next, plugin) =>
      next.status === plugin.status &&
      next.headers.length === 0 &&
      next.body === '' &&
      REFUSED.test(plugin.body)
  },
  {
    reason: 'The plugin leaves every upgrade to Fastify, and next start ends those for pages',
    applies: ({ path }, next, plugin) =>
      path.includes('Upgrade: websocket') &&
      next.status === '' &&
      isWhole(plugin, '200 OK', '308 Permanent Redirect', '404 Not Found')
  },
  {
    reason: 'Fastify puts a Content-Length right that is not that of the body',
    applies: (_request, next, plugin) =>
      next.error === 'ECONNRESET' &&
      Number(next.length) > next.bytes &&
      plugin.error === undefined &&
      plugin.status === next.status &&
      plugin.body === next.body
  }
]
