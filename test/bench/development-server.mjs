// node development-server.mjs DIR PORT [webpack]: an app in development, as a user would serve it.
import Fastify from 'fastify'
import fastifyNext from 'fastify-next'

const [dir, port, bundler] = process.argv.slice(2)
const fastify = Fastify({ logger: true })
await fastify.register(fastifyNext, { dir, dev: true, webpack: bundler === 'webpack' })
process.once('SIGTERM', async () => {
  await fastify.close()
  process.exit()
})
await fastify.listen({ host: '127.0.0.1', port: Number(port) })
