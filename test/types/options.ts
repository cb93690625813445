import { createServer } from 'node:http'
import Fastify, { type FastifyPluginAsync } from 'fastify'
import fastifyNext, {
  type FastifyNextOptions,
  type NextErrorContext,
  type NextStats,
  fastifyNext as named
} from 'fastify-next'

const options: FastifyNextOptions = {
  dir: './app',
  dev: process.env.NODE_ENV !== 'production',
  quiet: true,
  conf: { poweredByHeader: false, experimental: { serverActions: { bodySizeLimit: '2mb' } } },
  hostname: '127.0.0.1',
  port: 3000,
  httpServer: createServer(),
  turbopack: true,
  webpack: false,
  catchAll: false,
  noServeAssets: true,
  underPressure: true,
  bodyLimit: 1_048_576,
  closeTimeout: 5_000,
  logLevel: 'warn',
  serverTiming: true,
  onNextError(error, request, { route, routeType, renderSource, revalidateReason, digest }) {
    const context: NextErrorContext['routerKind'][] = ['App Router', 'Pages Router']
    request.log.info({ error, route, routeType, renderSource, revalidateReason, digest, context })
  }
}

const fastify = Fastify({ logger: true })
fastify.register(fastifyNext)
fastify.register(fastifyNext, {})
fastify.register(fastifyNext, options)
fastify.register(fastifyNext, { dir: './app', dev: true, prefix: '/docs' })
fastify.register(fastifyNext, { underPressure: { maxEventLoopDelay: 1000 }, catchAll: true })
fastify.register(named, { noServeAssets: false, logLevel: 'silent', conf: {} })
fastify.register(named, () => ({ dir: './app' }))

Fastify({ http2: true }).register(fastifyNext, { dir: './app' })

export const wrapper: FastifyPluginAsync<{ app: string }> = async (scope, { app }) => {
  await scope.register(fastifyNext, { dir: app })
}

const { inFlight, prerenderCache }: NextStats = fastify.nextStats()
export const counts: number[] = [inFlight, prerenderCache.misses.stale]

fastify.addHook('onResponse', async ({ nextRoute }) => {
  const route: string | undefined = nextRoute
  fastify.log.info(route)
})
