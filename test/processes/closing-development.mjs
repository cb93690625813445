// node closing-development.mjs OPTIONS: serves an app in development with these options of the plugin
// (JSON), beside a WebSocket at /socket and a route at /late, which answers as soon as Fastify itself
// closes. Closes at SIGTERM, and exits.
import websocket from '@fastify/websocket'
import Fastify from 'fastify'
import fastifyNext from 'fastify-next'

const fastify = Fastify({ logger: true })
let close
const closing = new Promise(resolve => {
  close = resolve
})
await fastify.register(websocket)
await fastify.register(fastifyNext, { dev: true, ...JSON.parse(process.argv[2]) })
fastify.get('/late', async () => {
  console.log('Entered')
  await closing
  return 'late'
})
fastify.get('/socket', { websocket: true }, socket => socket.send('open'))
fastify.addHook('preClose', async () => close())
process.once('SIGTERM', async () => {
  const begun = performance.now()
  await fastify.close()
  console.log(`Closed in ${Math.round(performance.now() - begun)} ms`)
  process.exit()
})
console.log(`Listening on ${await fastify.listen({ host: '127.0.0.1', port: 0 })}`)
