import type { AddressInfo } from 'node:net'
import Fastify, { type FastifyInstance, type FastifyServerOptions } from 'fastify'
import type { Test } from 'tap'
import { type FastifyNextOptions, fastifyNext } from '../../src/index.js'
import { builtFixture } from './fixture.js'

interface Serving {
  fastify: FastifyInstance
  /** `http://127.0.0.1:port` */
  url: string
  port: number
}

interface Setup {
  fixture?: string
  options?: FastifyNextOptions
  server?: FastifyServerOptions
  /** Runs before the plugin is registered. */
  before?(fastify: FastifyInstance): unknown
  /** Runs after the plugin is registered. */
  after?(fastify: FastifyInstance): unknown
}

/** A Fastify server with the plugin and a built fixture, ready and not listening. */
export async function ready(
  t: Test,
  { fixture = 'app', options, server, before, after }: Setup = {}
): Promise<FastifyInstance> {
  const dir = await builtFixture(fixture)
  const fastify = Fastify({ forceCloseConnections: true, ...server })
  t.teardown(() => fastify.close())
  await before?.(fastify)
  await fastify.register(fastifyNext, { dir, dev: false, ...options })
  await after?.(fastify)
  await fastify.ready()
  return fastify
}

/** The same, listening on a free port. */
export async function serve(t: Test, setup?: Setup): Promise<Serving> {
  const fastify = await ready(t, setup)
  await fastify.listen({ host: '127.0.0.1', port: 0 })
  const { port } = fastify.server.address() as AddressInfo
  return { fastify, port, url: `http://127.0.0.1:${port}` }
}
