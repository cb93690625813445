import redis from '@fastify/redis'
import Fastify from 'fastify'
import fastifyNext from 'fastify-next'
import { api } from './server/api.js'
import { boats } from './server/boats.js'
import { echo } from './server/echo.js'
import { answerError } from './server/errors.js'
import { guestbook } from './server/guestbook.js'
import { health } from './server/health.js'
import { signIn } from './server/sign-in.js'

const dev = process.argv.includes('--dev')
const { REDIS_URL } = process.env
const fastify = Fastify({
  logger: { level: process.env.LOG_LEVEL ?? 'info' },
  // The addresses of the proxies whose `x-forwarded-*` headers are believed.
  trustProxy: process.env.TRUST_PROXY
})

fastify.setErrorHandler(answerError)
// What several processes have in common; see cluster/README.md.
if (REDIS_URL) fastify.register(redis, { url: REDIS_URL })
fastify.register(api)
fastify.register(boats)
fastify.register(echo)
fastify.register(guestbook)
fastify.register(health)
fastify.register(fastifyNext, {
  dir: import.meta.dirname,
  dev,
  sharedCache: REDIS_URL,
  // What a load balancer takes to notice that /health is not fine any more.
  drainDelay: Number(process.env.DRAIN_DELAY ?? 0)
})
// Only now, since it declares a page of Next as one of its routes.
fastify.register(signIn)

await fastify.listen({ port: Number(process.env.PORT ?? 3000), host: process.env.HOST })

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
