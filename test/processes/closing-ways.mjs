// node closing-ways.mjs WAY: serves the gated app, and closes at SIGTERM in one of these ways.
import closeWithGrace from 'close-with-grace'
import Fastify from 'fastify'
import gatedApp from './gated-app.mjs'

const fastify = Fastify()
await fastify.register(gatedApp)
const controller = new AbortController()
const ways = {
  'close-with-grace': () => closeWithGrace(() => fastify.close()),
  signal: () => process.once('SIGTERM', () => controller.abort()),
  dispose: () => process.once('SIGTERM', () => fastify[Symbol.asyncDispose]())
}
ways[process.argv[2]]()
const { signal } = controller
console.log(`Server listening at ${await fastify.listen({ host: '127.0.0.1', port: 0, signal })}`)
