import type { IncomingHttpHeaders } from 'node:http'
import { headers } from 'next/headers.js'
import { RENDER_ID_HEADER, renderDataOf } from './render/data.js'

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
