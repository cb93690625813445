// A Fastify with a JSON route of its own, with the plugin ('on'), with nothing from memory ('off'), or
// without it ('none').
import Fastify from 'fastify'
import fastifyNext from 'fastify-next'

const [dir, port, mode] = process.argv.slice(2)
const fastify = Fastify()
fastify.get('/fastify', async () => ({ hello: 'world' }))
const options = { dir, dev: false }
if (mode === 'on') await fastify.register(fastifyNext, options)
if (mode === 'off') {
  await fastify.register(fastifyNext, { ...options, staticAssets: false, prerenderCache: false })
}
await fastify.listen({ host: '127.0.0.1', port: Number(port) })
