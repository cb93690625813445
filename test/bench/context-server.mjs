import cookie from '@fastify/cookie'
import Fastify from 'fastify'
import fastifyNext from 'fastify-next'

const [dir, port] = process.argv.slice(2)
process.env.ORIGIN = `http://127.0.0.1:${port}`
const fastify = Fastify()
await fastify.register(cookie)
fastify.get('/user', async ({ cookies }) => ({ user: cookies.user }))
await fastify.register(fastifyNext, { dir, dev: false })
await fastify.listen({ host: '127.0.0.1', port: Number(port) })
