// node late-listen.mjs SETUP: serves an app in development, with the options of the plugin and of
// Fastify (JSON), and listens when Next has started.
import { setTimeout as delay } from 'node:timers/promises'
import Fastify from 'fastify'
import fastifyNext from 'fastify-next'

const { plugin, server } = JSON.parse(process.argv[2])
const fastify = Fastify({ logger: true, ...server })
await fastify.register(fastifyNext, { dev: true, ...plugin })
await fastify.ready()
while (!fastify.nextReady) await delay(20)
console.log(`Listening on ${await fastify.listen({ host: '127.0.0.1', port: 0 })}`)
