// node server.mjs OPTIONS: serves an app with these options of the plugin (JSON), and closes at
// SIGTERM without exiting.
import Fastify from 'fastify'
import fastifyNext from 'fastify-next'

const fastify = Fastify({ logger: true })
await fastify.register(fastifyNext, JSON.parse(process.argv[2]))
fastify.get('/own', async () => ({ own: true }))
process.once('SIGTERM', async () => {
  await fastify.close()
  console.log('Closed')
})
console.log(`Listening on ${await fastify.listen({ host: '127.0.0.1', port: 0 })}`)
