import Fastify = require('fastify')
import fastifyNext = require('fastify-next')

const options: fastifyNext.FastifyNextOptions = { dir: './app' }
const fastify = Fastify()

fastify.register(fastifyNext.default, options)
fastify.register(fastifyNext.fastifyNext, options)
fastify.next('/a').get('/b', async (_request, reply) => reply.nextRender('/a'))

export const code: string = new fastifyNext.errors.FST_NEXT_ALREADY_REGISTERED().code
export const app: fastifyNext.NextApp = fastify.nextApp
