import Fastify, { type FastifyReply, type FastifyRequest } from 'fastify'
import type { NextRenderOptions } from 'fastify-next'

const fastify = Fastify()

export const handler = async (request: FastifyRequest, reply: FastifyReply): Promise<void> =>
  reply.nextRender(request.url)

const options: NextRenderOptions = { query: { page: 2 }, data: null }

fastify.get('/handler', handler)
fastify.get('/options', (_request, reply) => reply.nextRender('/x', options))
fastify.get('/x', async (_request, reply) => {
  return reply.nextRender('/x', { query: { a: '1', b: ['2', '3'] }, data: { user: 1 } })
})
fastify.get<{ Querystring: { tags?: string[] }; Reply: { ok: boolean } }>(
  '/typed',
  async (request, reply) => {
    const { tags } = request.query
    return reply.code(200).nextRender('/x', { query: { tags, page: 1, draft: false } })
  }
)
fastify.get('/missing', async (_request, reply) => {
  await reply.nextNotFound()
})
fastify.setNotFoundHandler((_request, reply) => reply.nextNotFound())
fastify.setErrorHandler((error, _request, reply) => {
  return reply.code(500).nextRenderError(error)
})
fastify.setErrorHandler(async (_error, _request, reply) => {
  await reply.nextRenderError('anything that is thrown')
})
