// A Fastify whose routes send what another server has answered, from memory: the limit of any plugin. The
// answers are in a file: [{ path, headers, body }], with the body in base64. With the directory of an app
// that is served, too, but answers none of these.
import { readFileSync } from 'node:fs'
import Fastify from 'fastify'
import fastifyNext from 'fastify-next'

const [file, port, dir] = process.argv.slice(2)
const fastify = Fastify()
if (dir) await fastify.register(fastifyNext, { dir, dev: false, catchAll: false })
for (const { path, headers, body } of JSON.parse(readFileSync(file, 'utf8'))) {
  const bytes = Buffer.from(body, 'base64')
  fastify.get(String(path.split('?', 1)[0]), (_request, reply) =>
    reply.headers(headers).send(bytes)
  )
}
await fastify.listen({ host: '127.0.0.1', port: Number(port) })
