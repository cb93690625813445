import Fastify from 'fastify'
import fastifyNext from 'fastify-next'

const [dir, port] = process.argv.slice(2)
const fastify = Fastify()
await fastify.register(fastifyNext, { dir, dev: false })
await fastify.listen({ host: '127.0.0.1', port: Number(port) })
