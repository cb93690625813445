import Fastify from 'fastify'
import fastifyNext from 'fastify-next'

const [dir, port, hooks] = process.argv.slice(2)
const fastify = Fastify()
if (hooks === 'onSend')
  fastify.addHook('onSend', (_request, _reply, payload, done) => done(null, payload))
await fastify.register(fastifyNext, { dir, dev: false })
await fastify.listen({ host: '127.0.0.1', port: Number(port) })
