// node context.mjs PLUGIN: serves an app in development, with the options of the plugin (JSON), and what
// the fixture `context` reaches of Fastify.
import fastifyCookie from '@fastify/cookie'
import fastifySession from '@fastify/session'
import Fastify from 'fastify'
import fastifyNext from 'fastify-next'

const fastify = Fastify({ logger: true, forceCloseConnections: true })
await fastify.register(fastifyCookie)
await fastify.register(fastifySession, {
  secret: 'a secret that is long enough for a session',
  cookie: { secure: false }
})
fastify.decorate('greeting', 'hello')
fastify.decorateRequest('user', '')
fastify.addHook('onRequest', async request => {
  request.user = String(request.headers['x-user'] ?? 'nobody')
})
fastify.get('/me', async ({ headers }) => ({ cookie: headers.cookie ?? null }))
await fastify.register(fastifyNext, { dev: true, ...JSON.parse(process.argv[2]) })
console.log(`Listening on ${await fastify.listen({ host: '127.0.0.1', port: 0 })}`)
