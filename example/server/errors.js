/** Programs get JSON, people a page. What went wrong on the server is for the log alone. */
export function answerError(error, request, reply) {
  const status = error.statusCode ?? 500
  if (status >= 500) request.log.error(error)
  if (!request.url.startsWith('/api/')) return reply.nextRenderError(error)
  return reply
    .code(status)
    .send({ error: status < 500 ? error.message : 'Something went wrong on our side' })
}
