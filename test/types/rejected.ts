import Fastify, { type FastifyReply, type FastifyRequest } from 'fastify'
import fastifyNext, {
  errors,
  type FastifyNextOptions,
  type NextRenderOptions,
  type NextRouteOptions
} from 'fastify-next'

const fastify = Fastify()

// @ts-expect-error an unknown option
fastify.register(fastifyNext, { directory: './app' })
// @ts-expect-error a directory that is no string
fastify.register(fastifyNext, { dir: 1 })
// @ts-expect-error a list of options
fastify.register(fastifyNext, [])

export const options: FastifyNextOptions[] = [
  // @ts-expect-error
  { dev: 'true' },
  // @ts-expect-error
  { port: '3000' },
  // @ts-expect-error
  { conf: () => ({}) },
  // @ts-expect-error
  { httpServer: true },
  // @ts-expect-error
  { catchAll: '/docs/*' },
  // @ts-expect-error
  { underPressure: 1000 },
  // @ts-expect-error
  { noServeAssets: 'yes' },
  // @ts-expect-error
  { logLevel: 3 }
]

// @ts-expect-error a route without a path
fastify.next()
// @ts-expect-error
fastify.next({ path: '/a' })
// @ts-expect-error an unknown route option
fastify.next('/a', { methods: 'GET' })
// @ts-expect-error
fastify.next('/a', { method: 1 })
// @ts-expect-error the handler comes last
fastify.next('/a', () => {}, {})
// @ts-expect-error the first that a handler gets is the app
fastify.next('/a', (app, _request, _reply) => app.raw)

// @ts-expect-error
export const route: NextRouteOptions = { schema: 'none' }

// @ts-expect-error
fastify.nextApp.getRequestHandler = fastify.nextApp.close
// @ts-expect-error
fastify.nextApp.close = undefined
// @ts-expect-error
fastify.nextApp.render('/hello')
// @ts-expect-error
fastify.nextApp.getRequestHandler()({}, {})

// @ts-expect-error
export const missing = errors.FST_NEXT_MISSING

export const renderOptions: NextRenderOptions[] = [
  // @ts-expect-error
  { query: { a: { b: 1 } } },
  // @ts-expect-error
  { query: { a: null } },
  // @ts-expect-error
  { query: { a: [['b']] } },
  // @ts-expect-error
  { query: 'a=1' },
  // @ts-expect-error
  { props: {} }
]

export async function handler(reply: FastifyReply): Promise<void> {
  // @ts-expect-error a page without a path
  await reply.nextRender()
  // @ts-expect-error
  await reply.nextRender({ query: {} })
  // @ts-expect-error
  await reply.nextNotFound('/x')
  // @ts-expect-error no error to render
  await reply.nextRenderError()
  // @ts-expect-error it resolves to nothing
  reply.send((await reply.nextRender('/x')).html)
}

export function hook(request: FastifyRequest): void {
  // @ts-expect-error it may be unknown
  request.nextRoute.trim()
  // @ts-expect-error Next says which it is
  request.nextRoute = '/x'
  // @ts-expect-error it is a function
  request.server.nextStats.inFlight.toFixed()
}
