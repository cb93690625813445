import Fastify from 'fastify'
import type { FastifyNextOptions } from 'fastify-next'
import * as everything from 'fastify-next'

const options: FastifyNextOptions = { dir: './app' }
const fastify = Fastify()

await fastify.register(everything.default, options)
await fastify.register(everything.fastifyNext, options)
await fastify.register(import('fastify-next'), options)
const { default: imported, errors } = await import('fastify-next')
await fastify.register(imported, options)
await fastify.next('/a').listen({ port: 3000 })

export const code: string = new errors.FST_NEXT_ALREADY_REGISTERED().code
