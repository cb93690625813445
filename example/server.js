import Fastify from 'fastify'
import fastifyNext from 'fastify-next'
import { api } from './server/api.js'
import { boats } from './server/boats.js'
import { answerError } from './server/errors.js'
import { signIn } from './server/sign-in.js'

const dev = process.argv.includes('--dev')
const fastify = Fastify({ logger: true })

fastify.setErrorHandler(answerError)
fastify.register(api)
fastify.register(boats)
fastify.register(signIn)
fastify.register(fastifyNext, { dir: import.meta.dirname, dev })

try {
  await fastify.listen({ port: Number(process.env.PORT ?? 3000) })
} catch (error) {
  // Next listens for uncaught errors, so the process would end as if all was well.
  fastify.log.error(error)
  process.exit(1)
}

for (const signal of ['SIGINT', 'SIGTERM']) {
  // Once: a second signal ends the process at once, whatever the first one waits for.
  process.once(signal, async () => {
    await fastify.close()
    // The native threads of Turbopack would keep the process alive.
    if (dev) process.exit(0)
  })
}

console.log(`Example ready on http://localhost:${fastify.server.address().port}`)
