// node observed.mjs PLUGIN: serves an app, with the options of the plugin (JSON), and with all that watches
// what happens: tracing, metrics, Server-Timing, and a listener for errors. Spans are printed as they end.
import { writeSync } from 'node:fs'
import FastifyOtel from '@fastify/otel'
import { NodeTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node'
import Fastify from 'fastify'
import metrics from 'fastify-metrics'
import fastifyNext from 'fastify-next'

const exporter = {
  export(spans, done) {
    for (const span of spans) {
      const { name, attributes, parentSpanContext } = span
      const { traceId, spanId } = span.spanContext()
      const line = { name, traceId, spanId, parentId: parentSpanContext?.spanId, attributes }
      // Not by the console, nor by the stream: Next's spans end in its calls, whose output is logged.
      writeSync(1, `Span ${JSON.stringify(line)}\n`)
    }
    done({ code: 0 })
  },
  async shutdown() {}
}
const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] })
provider.register()

const fastify = Fastify({
  logger: {
    serializers: {
      res: reply => ({ statusCode: reply.statusCode, route: reply.request?.nextRoute })
    }
  },
  forceCloseConnections: true
})
const tracing = new FastifyOtel({ instrumentHooks: false })
tracing.setTracerProvider(provider)
await fastify.register(tracing.plugin())
await fastify.register(metrics, {
  routeMetrics: {
    // The catch-all has several methods, by which it does not find the route.
    registeredRoutesOnly: false,
    overrides: {
      labels: { getRouteLabel: request => request.nextRoute ?? request.routeOptions.url }
    }
  }
})
await fastify.register(fastifyNext, {
  serverTiming: true,
  onNextError: (error, request, context) => request.log.info({ told: { error, ...context } }),
  ...JSON.parse(process.argv[2])
})
fastify.addHook('onSend', async (request, reply) => {
  const { span } = request.opentelemetry()
  if (request.nextRoute && span) span.setAttribute('http.route', request.nextRoute)
  if (request.nextRoute) reply.header('x-next-route', request.nextRoute)
})
fastify.get('/stats', async () => fastify.nextStats())
console.log(`Listening on ${await fastify.listen({ host: '127.0.0.1', port: 0 })}`)
