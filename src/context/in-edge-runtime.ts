/** As in errors.ts, which needs Node.js. */
function noRequest(): Error {
  const message = 'There is no request of Fastify in the Edge runtime: use the one of Node.js.'
  return Object.assign(new Error(message), { code: 'FST_NEXT_NO_REQUEST', statusCode: 500 })
}

/** What runs there is apart from Fastify; instrumentation is built for it, too, and may ask elsewhere. */
export async function getRequest(): Promise<never> {
  throw noRequest()
}

export { getRequest as getFastify, getRequest as getReply }

export async function getRenderData(): Promise<undefined> {}
