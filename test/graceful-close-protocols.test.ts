import { once } from 'node:events'
import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from 'node:http2'
import { type AddressInfo, connect as connectTcp, createServer, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { certificate } from './helpers/certificate.js'
import { closeSoon, connection, get, isRefused, refused, until } from './helpers/connection.js'
import { event } from './helpers/event.js'
import { gate } from './helpers/globals.js'
import { twoAddressesOfLocalhost } from './helpers/localhost.js'
import { ready } from './helpers/serve.js'

const OK = /^HTTP\/1\.1 200 OK\r\n/
const KEEPS = /^connection: keep-alive\r\n/im
const CLOSES = /^connection: close\r\n/im

const tls = () => ({ https: certificate() })
const both = () => ({ http2: true, https: { ...certificate(), allowHTTP1: true } })

async function serveOver(t: Test, options: object) {
  const fastify = await ready(t, {
    server: { forceCloseConnections: false, ...options },
    after(fastify) {
      fastify.get('/own', async () => 'own')
    }
  })
  await fastify.listen({ host: '127.0.0.1', port: 0 })
  return { fastify, port: (fastify.server.address() as AddressInfo).port }
}

/** A port whose clients hear from the server only after `release()`. */
async function heldBack(t: Test, port: number) {
  const released = event('release()')
  const proxy = createServer(client => {
    const server = connectTcp(port, '127.0.0.1')
    t.teardown(() => void server.destroy())
    for (const socket of [client, server]) socket.on('error', () => {})
    client.pipe(server)
    released.happened.then(() => server.pipe(client))
  })
  t.teardown(() => void proxy.close())
  await new Promise<void>(resolve => proxy.listen(0, '127.0.0.1', resolve))
  return { port: (proxy.address() as AddressInfo).port, release: () => released.happen() }
}

async function sessionTo(t: Test, port: number, isSecure = false): Promise<ClientHttp2Session> {
  const session = isSecure
    ? connect(`https://127.0.0.1:${port}`, { ca: certificate().cert })
    : connect(`http://127.0.0.1:${port}`)
  t.teardown(() => session.destroy())
  await once(session, 'remoteSettings')
  return session
}

/** The status of an answer that has come completely, or the code of the error. */
async function outcomeOf(stream: ClientHttp2Stream): Promise<number> {
  let outcome = 0
  stream.on('response', head => {
    outcome = Number(head[':status'])
  })
  stream.on('error', () => {})
  stream.setTimeout(10_000, () => stream.close(constants.NGHTTP2_CANCEL))
  stream.resume()
  if (!stream.closed) await once(stream, 'close').catch(() => {})
  return stream.rstCode === constants.NGHTTP2_NO_ERROR ? outcome : stream.rstCode
}

for (const [name, options] of [
  ['HTTPS', tls],
  ['HTTP/1.1 beside HTTP/2', both]
] as const) {
  t.test(`over ${name} no request is lost`, async t => {
    const route = gate(t, 'slowRoute')
    const { fastify, port } = await serveOver(t, options())
    const slow = await connection(t, port, { isSecure: true })
    slow.send(get('/api-route/slow'))
    await route.entered
    const silent = await connection(t, port, { isSecure: true })
    const untouched = await connection(t, port)
    const idle = await Promise.all(
      ['/dynamic', '/own', '/own'].map(async path => {
        const client = await connection(t, port, { isSecure: true })
        client.send(get(path))
        t.match(await client.answer(), KEEPS)
        return { ...client, path }
      })
    )
    const [page, own, unused] = idle
    const ended = closeSoon(fastify)
    for (const client of [page, own]) client?.send(get(client.path))
    for (const client of [page, own]) {
      const answer = String(await client?.closed)
      t.match(answer, OK)
      t.match(answer, CLOSES)
    }
    await refused(port)
    for (const client of [silent, untouched, unused]) t.equal(await client?.closed, '')
    route.open()
    const answer = await slow.closed
    t.match(answer, OK)
    t.match(answer, CLOSES)
    await ended
  })
}

for (const [name, options, isSecure] of [
  ['HTTP/2 without TLS', () => ({ http2: true }), false],
  ['HTTP/2', () => ({ http2: true, ...tls() }), true],
  ['HTTP/2 beside HTTP/1.1', both, true]
] as const) {
  t.test(`over ${name} no request is lost`, async t => {
    const route = gate(t, 'slowRoute')
    const { fastify, port } = await serveOver(t, options())
    const busy = await sessionTo(t, port, isSecure)
    const idle = await sessionTo(t, port, isSecure)
    const unused = await sessionTo(t, port, isSecure)
    t.equal(await outcomeOf(idle.request({ ':path': '/own' })), 200)
    const slow = outcomeOf(busy.request({ ':path': '/api-route/slow' }))
    await route.entered

    const closed = [busy, idle, unused].map(session => once(session, 'close'))
    const ended = closeSoon(fastify)
    // Before the client can know.
    const outcomes = [busy, idle].flatMap(session =>
      ['/dynamic', '/own'].map(path => outcomeOf(session.request({ ':path': path })))
    )
    t.strictSame(await Promise.all(outcomes), [200, 200, 200, 200])
    await refused(port)
    await Promise.all(closed.slice(1))
    t.ok(busy.closed, 'the client knows that it is to open no more streams')
    t.notOk(busy.destroyed)
    route.open()
    t.equal(await slow, 200)
    await Promise.all(closed)
    await ended
  })
}

t.test('a client that has not heard of the end of its session yet', async t => {
  const { fastify, port } = await serveOver(t, { http2: true })
  const late = await heldBack(t, port)
  const accepted = once(fastify.server, 'session')
  const session = connect(`http://127.0.0.1:${late.port}`)
  t.teardown(() => session.destroy())
  const before = outcomeOf(session.request({ ':path': '/own' }))
  await accepted
  const idle = await sessionTo(t, port)
  const ended = closeSoon(fastify)
  await once(idle, 'close')
  const after = outcomeOf(session.request({ ':path': '/own' }))
  late.release()
  t.equal(await before, 200)
  t.equal(await after, constants.NGHTTP2_REFUSED_STREAM, 'it may be sent again')
  await ended
})

t.test('a request is answered whose connection was in a handshake', async t => {
  const { fastify, port } = await serveOver(t, tls())
  const late = await heldBack(t, port)
  const accepted = once(fastify.server, 'connection') as Promise<Socket[]>
  const client = connection(t, late.port, { isSecure: true })
  const [socket] = await accepted
  await until('part of a handshake', () => Number(socket?.bytesRead) > 0)
  const idle = await connection(t, port, { isSecure: true })
  const ended = closeSoon(fastify)
  t.equal(await idle.closed, '')
  late.release()
  const { send, closed } = await client
  send(get('/own'))
  const answer = await closed
  t.match(answer, OK)
  t.match(answer, CLOSES)
  await ended
})

t.test('both servers of localhost lose no request', async t => {
  twoAddressesOfLocalhost(t)
  const route = gate(t, 'slowRoute')
  const fastify = await ready(t, {
    server: { forceCloseConnections: false },
    after(fastify) {
      fastify.get('/own', async () => 'own')
    }
  })
  await fastify.listen({ host: 'localhost', port: 0 })
  t.equal(fastify.addresses().length, 2)
  const { port } = fastify.server.address() as AddressInfo
  const hosts = ['127.0.0.1', '::1']
  const connections = await Promise.all(
    hosts.map(async host => {
      const [slow, partial, idle, unused, silent] = await Promise.all(
        Array.from({ length: 5 }, async () => connection(t, port, { host }))
      )
      if (!slow || !partial || !idle || !unused || !silent) throw new Error('No connections')
      slow.send(get('/api-route/slow'))
      for (const { send, answer } of [partial, idle, unused]) {
        send(get('/own'))
        t.match(await answer(), KEEPS)
      }
      partial.send('GET /dynamic HTTP/1.1\r\n')
      return { slow, partial, idle, unused, silent }
    })
  )
  await until('both slow requests', () => route.entries() === 2)
  const ended = closeSoon(fastify)
  for (const { idle } of connections) idle.send(get('/dynamic'))
  for (const { slow, partial, idle, unused, silent } of connections) {
    t.match(await idle.closed, OK)
    t.equal(await unused.closed, '')
    t.equal(await silent.closed, '')
    partial.send('Host: localhost\r\n\r\n')
    for (const { closed } of [partial, slow]) {
      if (closed === slow.closed) route.open()
      const answer = await closed
      t.match(answer, OK)
      t.match(answer, CLOSES)
    }
  }
  await ended
})

t.test('both servers of localhost stop to listen at the same time', async t => {
  twoAddressesOfLocalhost(t)
  const route = gate(t, 'slowRoute')
  const fastify = await ready(t, { server: { forceCloseConnections: false } })
  await fastify.listen({ host: 'localhost', port: 0 })
  const { port } = fastify.server.address() as AddressInfo
  const slow = await connection(t, port)
  slow.send(get('/api-route/slow'))
  await route.entered
  const ended = closeSoon(fastify)
  await refused(port)
  t.ok(await isRefused(port, '::1'), 'which has not had a connection')
  route.open()
  t.match(await slow.closed, OK)
  await ended
})
