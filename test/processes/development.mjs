// node development.mjs SETUP: serves an app in development, with the options of the plugin, of
// Fastify and of listen() and the pages that are declared (JSON). Closes at SIGTERM, and says how
// long that has taken and whether Next's lock is still there. With Turbopack it then exits by force.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import Fastify from 'fastify'
import fastifyNext from 'fastify-next'

const { plugin, server, listen, pages = [] } = JSON.parse(process.argv[2])
const fastify = Fastify({ logger: true, ...server })
await fastify.register(fastifyNext, { dev: true, ...plugin })
for (const page of pages) fastify.next(page)
process.once('SIGTERM', async () => {
  const begun = performance.now()
  await fastify.close()
  const took = Math.round(performance.now() - begun)
  const isLocked = existsSync(join(plugin.dir, '.next', 'dev', 'lock'))
  process.stdout.write(`Closed ${JSON.stringify({ took, isLocked })}\n`, () => {
    if (!plugin.webpack) process.exit()
  })
})
const url = await fastify.listen({ host: '127.0.0.1', port: 0, ...listen })
console.log(`Listening on ${url}`)
