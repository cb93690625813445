// node plain-server.mjs OPTIONS SERVER: serves an app with these options of the plugin and of Fastify
// (JSON) and with nothing else: no hooks, no routes, no log.
import Fastify from 'fastify'
import fastifyNext from 'fastify-next'

const fastify = Fastify(JSON.parse(process.argv[3]))
await fastify.register(fastifyNext, JSON.parse(process.argv[2]))
process.once('SIGTERM', () => fastify.close())
console.log(`Listening on ${await fastify.listen({ host: 'localhost', port: 0 })}`)
