import Fastify from 'fastify'
import fastifyNext from 'fastify-next'

const [dir, port, sharedCache] = process.argv.slice(2)
const fastify = Fastify()
await fastify.register(fastifyNext, { dir, dev: false, sharedCache })
await fastify.listen({ host: '127.0.0.1', port: Number(port) })
