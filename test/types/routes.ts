import Fastify, { type FastifyInstance } from 'fastify'
import type { NextApp, NextRequestHandler, NextRouteHandler, NextRouteOptions } from 'fastify-next'

const fastify = Fastify()

export const app: NextApp = fastify.nextApp
export const answer: NextRequestHandler = fastify.nextApp.getRequestHandler()

export const chained: FastifyInstance = fastify
  .next('/a')
  .next('/b', {})
  .next('/c', () => ({ answered: 'by Fastify' }))

fastify.next('/a', { method: 'GET', schema: {} }, (app, request, reply) => {
  request.log.info(reply.statusCode)
  return app.getRequestHandler()(request.raw, reply.raw)
})
fastify.next('/a', { method: ['GET', 'POST'], bodyLimit: 1024, logLevel: 'debug' })
fastify.next('/a', { onRequest: async (request, reply) => reply.redirect(request.url) })
fastify.next('/*', (app, req, reply) => app.getRequestHandler()(req.raw, reply.raw))
fastify.next('/hello', (app, req, reply) => app.render(req.raw, reply.raw, '/hello', req.query, {}))
fastify.next('/hello', async (app, req, reply) => {
  await app.render(req.raw, reply.raw, '/hello')
  await app.render(req.raw, reply.raw, '/hello', { name: 'Ada', tags: ['a', 'b'] })
})

const options: NextRouteOptions = { method: 'POST', config: { rateLimit: false } }
const handler: NextRouteHandler = async (app, request, reply) => {
  await app.prepare()
  reply.header('x-url', request.url)
  return app.getRequestHandler()(request.raw, reply.raw)
}
fastify.next('/b', handler)
fastify.next('/b', options, handler)

export async function plugin(scope: FastifyInstance): Promise<void> {
  scope.next('/scoped')
  await scope.nextApp.close()
}
