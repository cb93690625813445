// node start-and-end.mjs OPTIONS PORT [caught]: serves an app with these options of the plugin
// (JSON), and closes. What fails is caught by nobody, or with `caught` only where it listens. Says
// whether Next's lock is still there, and ends.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import Fastify from 'fastify'
import fastifyNext from 'fastify-next'

const [options, port, isCaught] = process.argv.slice(2)
const settings = JSON.parse(options)
const fastify = Fastify({ logger: true })
await fastify.register(fastifyNext, settings)
try {
  await fastify.listen({ host: '127.0.0.1', port: Number(port) })
} catch (error) {
  if (!isCaught) throw error
  console.log(`Caught ${error.code}`)
}
await fastify.close()
console.log(`Locked: ${existsSync(join(settings.dir, '.next', 'dev', 'lock'))}`)
process.exit()
