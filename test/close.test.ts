import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import Fastify from 'fastify'
import t from 'tap'
import { fastifyNext } from '../src/index.js'
import { startApp } from './helpers/app-process.js'
import { event } from './helpers/event.js'
import { builtFixture, fixturePath } from './helpers/fixture.js'
import { gate, setGlobal } from './helpers/globals.js'
import { twoAddressesOfLocalhost } from './helpers/localhost.js'
import { keptLog } from './helpers/log.js'
import { ready, serve } from './helpers/serve.js'

/** Far below Fastify's keepAliveTimeout of 72 s, far above what closing takes. */
const SOON_MS = 5_000

async function closesWithin(fastify: { close(): PromiseLike<unknown> }, limit: number) {
  const begin = performance.now()
  await fastify.close()
  return performance.now() - begin < limit
}

t.test('close() answers what is in flight, and does not wait for idle connections', async t => {
  const route = gate(t, 'slowRoute')
  const { fastify, port } = await serve(t, { server: { forceCloseConnections: false } })
  const agent = new Agent({ keepAlive: true })
  t.teardown(() => agent.destroy())
  const outgoing = request({ agent, host: '127.0.0.1', port, path: '/api-route/slow' })
  outgoing.end()
  const answered = once(outgoing, 'response')
  await route.entered
  const closed = closesWithin(fastify, SOON_MS)
  setImmediate(route.open)
  const [response] = await answered
  t.equal(response.statusCode, 200)
  response.resume()
  t.ok(await closed)
})

t.test('close() cuts what is still going on after closeTimeout', async t => {
  const { fastify, port } = await serve(t, {
    options: { closeTimeout: 200 },
    server: { forceCloseConnections: false }
  })
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  socket.write('GET /api-route/events HTTP/1.1\r\nHost: localhost\r\n\r\n')
  await once(socket, 'data')
  const cut = once(socket, 'close')
  t.ok(await closesWithin(fastify, SOON_MS))
  await cut
})

t.test('close() waits for both servers of localhost', async t => {
  twoAddressesOfLocalhost(t)
  const fastify = await ready(t, { server: { forceCloseConnections: false } })
  await fastify.listen({ host: 'localhost', port: 0 })
  t.equal(fastify.addresses().length, 2)
  const { port } = fastify.server.address() as AddressInfo
  const route = gate(t, 'slowRoute')
  const socket = connect(port, '::1')
  const disconnected = once(socket, 'close')
  socket.write('GET /api-route/slow HTTP/1.1\r\nHost: localhost\r\n\r\n')
  const answered = once(socket, 'data')
  await route.entered
  let isClosed = false
  const closed = fastify.close().then(() => {
    isClosed = true
  })
  await once(fastify.server, 'close')
  t.notOk(isClosed, 'the second server has a request in flight')
  route.open()
  t.match(String(await answered), /^HTTP\/1\.1 200 OK\r\n.*at last$/s)
  await Promise.all([closed, disconnected])
})

t.test('close() waits for the work of after(), for closeTimeout at most', async t => {
  const started = event('after()')
  let finish = () => {}
  let finished = false
  setGlobal(t, 'afterResponse', async () => {
    started.happen()
    await new Promise<void>(resolve => {
      finish = resolve
    })
    finished = true
  })
  const patient = await serve(t)
  await (await fetch(`${patient.url}/after`)).text()
  await started.happened
  setTimeout(finish, 100)
  await patient.fastify.close()
  t.ok(finished)

  const log = keptLog()
  const hasty = await serve(t, {
    options: { closeTimeout: 100 },
    server: { logger: log.logger }
  })
  for (const query of ['', '?secret', '?secret']) {
    await (await fetch(`${hasty.url}/after${query}`)).text()
  }
  t.ok(await closesWithin(hasty.fastify, SOON_MS))
  const warnings = log.take().filter(({ level }) => level === 40)
  t.match(warnings, [{ msg: /3 background tasks of Next\.js unfinished: GET \/after \(3\)$/ }])
})

t.test('close() resolves twice, before ready and after a failed start', async t => {
  const { fastify } = await serve(t)
  await fastify.close()
  await fastify.close()

  const early = Fastify()
  early.register(fastifyNext, { dir: await builtFixture('app'), dev: false })
  await early.close()

  const failed = Fastify()
  failed.register(fastifyNext, { dir: fixturePath('broken-config'), dev: false })
  await t.rejects(async () => failed.ready())
  await failed.close()
})

t.test('after close() the process exits by itself', async t => {
  const server = await startApp(t, { dir: await builtFixture('app'), dev: false })
  for (const path of ['/static', '/dynamic', '/after', '/isr', '/_next/image?url=x']) {
    await (await fetch(server.url + path)).text()
  }
  const { code, signal } = await server.stop('SIGTERM')
  t.equal(code, 0)
  t.equal(signal, null)
})
