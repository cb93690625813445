import Fastify from 'fastify'
import fastifyNext, { errors } from 'fastify-next'

const fastify = Fastify()

export async function start(): Promise<string> {
  try {
    await fastify.register(fastifyNext, { dir: './app' })
  } catch (error) {
    if (error instanceof errors.FST_NEXT_INVALID_OPTION) return error.code
    if (error instanceof errors.FST_NEXT_DIR_NOT_FOUND) return error.message
    throw error
  }
  return fastify.listen({ port: 3000 })
}
