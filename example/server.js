import Fastify from 'fastify'
import fastifyNext from 'fastify-next'
import { api } from './server/api.js'
import { boats } from './server/boats.js'
import { answerError } from './server/errors.js'
import { guestbook } from './server/guestbook.js'
import { health } from './server/health.js'
import { signIn } from './server/sign-in.js'

const dev = process.argv.includes('--dev')
const fastify = Fastify({ logger: { level: process.env.LOG_LEVEL ?? 'info' } })

fastify.setErrorHandler(answerError)
fastify.register(api)
fastify.register(boats)
fastify.register(guestbook)
fastify.register(health)
fastify.register(fastifyNext, {
  dir: import.meta.dirname,
  dev,
  // What a load balancer takes to notice that /health is not fine any more.
  drainDelay: Number(process.env.DRAIN_DELAY ?? 0)
})
// Only now, since it declares a page of Next as one of its routes.
fastify.register(signIn)

await fastify.listen({ port: Number(process.env.PORT ?? 3000) })

for (const signal of ['SIGINT', 'SIGTERM']) {
  // Once: a second signal ends the process at once, whatever the first one waits for.
  process.once(signal, async () => {
    await fastify.close()
    console.log('Example closed')
    // The native threads of Turbopack would keep the process alive.
    if (dev) process.exit(0)
  })
}

console.log(`Example ready on http://localhost:${fastify.server.address().port}`)
