// node development.mjs SETUP: serves an app in development, with the options of the plugin, of
// Fastify and of listen() and the pages that are declared (JSON); with `isPastFastify` the server is
// told to listen without Fastify. Closes at SIGTERM, and says how long that has taken, whether Next's
// lock is still there, and how many still wait for the server to listen. With Turbopack it then exits by force.
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import Fastify from 'fastify'
import fastifyNext from 'fastify-next'

const { plugin, server, listen, pages = [] } = JSON.parse(process.argv[2])
const fastify = Fastify({ logger: true, ...server })
const ownListeners = fastify.server.listenerCount('listening')
await fastify.register(fastifyNext, { dev: true, ...plugin })
for (const page of pages) fastify.next(page)
process.once('SIGTERM', async () => {
  const begun = performance.now()
  await fastify.close()
  const took = Math.round(performance.now() - begun)
  const isLocked = existsSync(join(plugin.dir, '.next', 'dev', 'lock'))
  const listeners = fastify.server.listenerCount('listening') - ownListeners
  process.stdout.write(`Closed ${JSON.stringify({ took, isLocked, listeners })}\n`, () => {
    if (!plugin.webpack) process.exit()
  })
})
const { isPastFastify, ...options } = { host: '127.0.0.1', port: 0, ...listen }
async function listenPastFastify() {
  await fastify.ready()
  await once(fastify.server.listen(options), 'listening')
  return `http://${options.host}:${fastify.server.address().port}`.replace('::1', '[::1]')
}
const url = await (isPastFastify ? listenPastFastify() : fastify.listen(options))
console.log(`Listening on ${url}`)
