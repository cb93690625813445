// node slow-start.mjs OPTIONS: serves an app with these options of the plugin (JSON), whose
// instrumentation takes longer than Fastify waits for a plugin.
import { setTimeout as sleep } from 'node:timers/promises'
import Fastify from 'fastify'
import fastifyNext from 'fastify-next'

const PLUGIN_TIMEOUT = 2_000
globalThis.nextStarts = async () => {
  await sleep(2 * PLUGIN_TIMEOUT)
  console.log('Next has started')
}

const fastify = Fastify({ pluginTimeout: PLUGIN_TIMEOUT })
await fastify.register(fastifyNext, JSON.parse(process.argv[2]))
process.once('SIGTERM', async () => {
  await fastify.close()
  process.exit()
})
console.log(`Listening on ${await fastify.listen({ host: '127.0.0.1', port: 0 })}`)
