// What the bridge is measured against: Fastify hands its raw request and response to Next.
import { createRequire } from 'node:module'
import { join } from 'node:path'
import Fastify from 'fastify'

const [dir, port] = process.argv.slice(2)
const next = createRequire(join(dir, 'package.json'))('next')
const app = next({ dir, dev: false, hostname: '127.0.0.1', port: Number(port) })
await app.prepare()
const handle = app.getRequestHandler()

const fastify = Fastify()
fastify.removeAllContentTypeParsers()
fastify.addContentTypeParser('*', (_request, _payload, done) => done(null))
fastify.all('*', ({ raw }, reply) => {
  reply.hijack()
  handle(raw, reply.raw)
})
await fastify.listen({ host: '127.0.0.1', port: Number(port) })
