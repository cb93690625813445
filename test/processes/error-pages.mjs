// node error-pages.mjs OPTIONS: serves an app with these options of the plugin (JSON), and beside it
// routes that answer with its pages for what is not found and what has failed.
import Fastify from 'fastify'
import fastifyNext from 'fastify-next'

const teapot = () => Object.assign(new Error('The secret of the error'), { statusCode: 418 })

const fastify = Fastify({ logger: true })
await fastify.register(fastifyNext, JSON.parse(process.argv[2]))
fastify.get('/own/missing', (_request, reply) => reply.nextNotFound())
fastify.post('/own/missing', async (_request, reply) => reply.nextNotFound())
fastify.get('/own/error', (_request, reply) => reply.nextRenderError(new Error('The secret of it')))
fastify.get('/own/teapot', async (_request, reply) => reply.nextRenderError(teapot()))
fastify.get('/own/set', (_request, reply) => {
  return reply.code(503).header('retry-after', '1').nextRenderError(teapot())
})
fastify.get('/own/nothing', (_request, reply) => reply.nextRenderError(undefined))
fastify.register(async scope => {
  scope.setErrorHandler((error, _request, reply) => reply.nextRenderError(error))
  scope.get('/own/thrown', async () => {
    throw teapot()
  })
})
process.once('SIGTERM', () => fastify.close())
console.log(`Listening on ${await fastify.listen({ host: '127.0.0.1', port: 0 })}`)
