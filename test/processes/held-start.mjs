// node held-start.mjs OPTIONS: serves an app with these options of the plugin (JSON), whose
// instrumentation waits for a request to /own/open. Closes at SIGTERM without exiting.
import Fastify from 'fastify'
import fastifyNext from 'fastify-next'

let open
globalThis.heldStart = new Promise(resolve => {
  open = resolve
})

const fastify = Fastify({ logger: true, pluginTimeout: 1_000 })
await fastify.register(fastifyNext, JSON.parse(process.argv[2]))
fastify.get('/own/open', async () => {
  open()
  return 'opened'
})
process.once('SIGTERM', async () => {
  await fastify.close()
  console.log('Closed')
})
console.log(`Listening on ${await fastify.listen({ host: '127.0.0.1', port: 0 })}`)
