// node --expose-gc server.mjs DIR: serves an app, and sends its figures whenever it is asked for them.
import { monitorEventLoopDelay } from 'node:perf_hooks'
import Fastify from 'fastify'
import fastifyNext from 'fastify-next'

const MEGABYTE = 1024 * 1024

const fastify = Fastify()
await fastify.register(fastifyNext, { dir: process.argv[2], dev: false })
await fastify.listen({ host: '127.0.0.1', port: 0 })

const delay = monitorEventLoopDelay()
delay.enable()

process.on('message', () => {
  const p99 = delay.percentile(99) / 1e6
  globalThis.gc()
  const { rss, heapUsed } = process.memoryUsage()
  const handles = process.getActiveResourcesInfo()
  process.send({
    rss: rss / MEGABYTE,
    heap: heapUsed / MEGABYTE,
    sockets: handles.filter(name => name === 'TCPSocketWrap').length,
    handles: handles.filter(name => name !== 'TCPSocketWrap').length,
    delay: p99
  })
  // Without the collection, which is ours.
  delay.reset()
})

process.once('SIGTERM', async () => {
  await fastify.close()
  process.disconnect()
})
process.send(fastify.server.address().port)
