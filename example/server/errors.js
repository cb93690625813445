/** Programs get JSON, people a page. What went wrong on the server is for the log alone. */
export function answerError(error, request, reply) {
  const status = error.statusCode ?? 500
  if (status >= 500) request.log.error(error)
  reply.code(status)
  if (request.url.startsWith('/api/')) {
    return reply.send({ error: status < 500 ? error.message : 'Something went wrong' })
  }
  return reply.nextRender('/sorry', { data: { status } })
}
