// A bare Fastify whose routes send what another server has answered, from memory: the limit of any
// plugin. The answers are in a file: [{ path, headers, body }], with the body in base64.
import { readFileSync } from 'node:fs'
import Fastify from 'fastify'

const [file, port] = process.argv.slice(2)
const fastify = Fastify()
for (const { path, headers, body } of JSON.parse(readFileSync(file, 'utf8'))) {
  const bytes = Buffer.from(body, 'base64')
  fastify.get(path, (_request, reply) => reply.headers(headers).send(bytes))
}
await fastify.listen({ host: '127.0.0.1', port: Number(port) })
