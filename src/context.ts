import type { IncomingHttpHeaders } from 'node:http'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { headers } from 'next/headers.js'
import { currentExchange, type Exchange } from './context/exchanges.js'
import { requestTime } from './context/request-time.js'
import { FST_NEXT_NO_REQUEST } from './errors.js'
import { RENDER_ID_HEADER, renderDataOf } from './render/data.js'

/** What Next hands to code of the Pages Router, and to `onRequestError()`. */
interface RequestOfNext {
  headers: object
}

/** Fastify's reply, but for `then()`: whoever awaits that one waits for the end of the answer. */
export type OpenReply = Omit<FastifyReply, 'then'>

/**
 * Fastify's request, with what hooks and plugins have put on it.
 *
 * It works in Server Components, layouts, `generateMetadata()`, Server Actions, route handlers, `proxy.ts`
 * and `after()`. In the App Router it makes the route dynamic, as `headers()` does.
 * @param request of the Pages Router (`context.req` in `getServerSideProps`, `req` in API routes), or that
 *   of `onRequestError()`: there Next can't be asked whether it works for a request
 * @throws FST_NEXT_NO_REQUEST where there is no request, or none to rely on: in `'use cache'`,
 *   `unstable_cache`, `getStaticProps` and in pages with `dynamic = 'force-static'`
 * @example
 * const { user } = await getRequest()
 */
export async function getRequest(request?: RequestOfNext): Promise<FastifyRequest> {
  return (await exchangeOf(request)).request
}

/**
 * Fastify's reply. Until Next begins to answer, what a page or an action sets there goes out with the
 * answer: headers and the status have the last word, unless Next redirects or fails.
 * @param request as for `getRequest()`
 * @throws FST_NEXT_NO_REQUEST as `getRequest()` does
 * @example
 * const reply = await getReply()
 * reply.setCookie('theme', 'dark')
 */
export async function getReply(request?: RequestOfNext): Promise<OpenReply> {
  return (await exchangeOf(request)).reply
}

/**
 * The instance of Fastify that has the route, with the decorators of its scope. Its `inject()` asks
 * Fastify's own routes, which know nothing of the page.
 * @param request as for `getRequest()`
 * @throws FST_NEXT_NO_REQUEST as `getRequest()` does
 * @example
 * const fastify = await getFastify()
 * const { rows } = await fastify.pg.query('SELECT * FROM posts')
 */
export async function getFastify(request?: RequestOfNext): Promise<FastifyInstance> {
  return (await exchangeOf(request)).fastify
}

async function exchangeOf(request: RequestOfNext | undefined): Promise<Exchange> {
  const exchange = currentExchange()
  if (request === undefined) await requestTime()
  if (exchange === undefined) throw new FST_NEXT_NO_REQUEST()
  return exchange
}

/**
 * The `data` that a handler of Fastify gave to `reply.nextRender()`, or `undefined` for a page that
 * was requested without it.
 *
 * In the App Router it makes the route dynamic, as `headers()` does, and fails where that does:
 * inside `'use cache'` and `unstable_cache`.
 * @param request of the Pages Router: `context.req` in `getServerSideProps`
 * @example
 * const account = await getRenderData<Account>()
 * @example
 * export async function getServerSideProps({ req }) {
 *   return { props: { account: await getRenderData<Account>(req) } }
 * }
 */
export async function getRenderData<Data = unknown>(request?: {
  headers: IncomingHttpHeaders
}): Promise<Data | undefined> {
  const id = request ? request.headers[RENDER_ID_HEADER] : (await headers()).get(RENDER_ID_HEADER)
  return renderDataOf(id) as Data | undefined
}
