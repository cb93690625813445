// node server.mjs DIR [--dev]: serves an app, and closes at SIGTERM without exiting.
import Fastify from 'fastify'
import fastifyNext from 'fastify-next'

const [dir, mode] = process.argv.slice(2)
const fastify = Fastify()
await fastify.register(fastifyNext, { dir, dev: mode === '--dev' })
process.once('SIGTERM', async () => {
  await fastify.close()
  console.log('Closed')
})
console.log(`Listening on ${await fastify.listen({ host: '127.0.0.1', port: 0 })}`)
