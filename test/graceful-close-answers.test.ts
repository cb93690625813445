import { once } from 'node:events'
import { createReadStream } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { Agent, get as httpGet, type IncomingMessage } from 'node:http'
import { PassThrough } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import fastifyWebsocket from '@fastify/websocket'
import type { FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import { closeSoon, connection, get, isRefused, refused } from './helpers/connection.js'
import { event } from './helpers/event.js'
import { fixturePath } from './helpers/fixture.js'
import { gate } from './helpers/globals.js'
import { serve } from './helpers/serve.js'
import { upgradeRequest } from './helpers/wire.js'

const MEBIBYTE = 1024 * 1024
/** Far more than what sockets hold. */
const LARGE = 30 * MEBIBYTE
const server = { forceCloseConnections: false }

/** An answer whose head has come, on a connection that the client would keep. */
async function begin(t: Test, port: number, path: string): Promise<IncomingMessage> {
  const agent = new Agent({ keepAlive: true })
  t.teardown(() => agent.destroy())
  const outgoing = httpGet({ agent, host: '127.0.0.1', port, path })
  const [incoming] = (await once(outgoing, 'response')) as IncomingMessage[]
  if (incoming === undefined) throw new Error('No response')
  return incoming
}

/** Reads on for far longer than an idle connection is given. */
async function readSlowly(incoming: IncomingMessage): Promise<number> {
  let length = 0
  let awaited = 0
  for await (const chunk of incoming) {
    length += chunk.length
    if (length - awaited > MEBIBYTE) {
      awaited = length
      await delay(20)
    }
  }
  return length
}

/** A server with a large answer of each origin. */
async function serveLarge(t: Test, closeTimeout?: number) {
  const folder = fixturePath('large', 'public')
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  const file = fixturePath('large', 'public', 'large.bin')
  return serve(t, {
    fixture: 'large',
    server,
    options: { closeTimeout },
    async before() {
      await mkdir(folder, { recursive: true })
      await writeFile(file, Buffer.alloc(LARGE))
    },
    after(fastify) {
      fastify.get('/own/bytes', async () => Buffer.alloc(LARGE))
      fastify.get('/own/stream', (_request, reply) => reply.send(createReadStream(file)))
    }
  })
}

const PATHS = ['/bytes', '/large.bin', '/own/bytes', '/own/stream']

for (const path of PATHS) {
  t.test(`${path} reaches a slow reader completely`, async t => {
    const { fastify, port } = await serveLarge(t)
    const answer = await begin(t, port, path)
    t.equal(answer.statusCode, 200)
    t.equal(answer.headers.connection, 'keep-alive')
    const ended = closeSoon(fastify)
    t.equal(await readSlowly(answer), LARGE)
    await ended
  })
}

t.test('who never reads is cut at closeTimeout', async t => {
  const { fastify, port } = await serveLarge(t, 500)
  const answers = await Promise.all(PATHS.map(async path => begin(t, port, path)))
  const ended = closeSoon(fastify)
  await ended
  for (const answer of answers) await t.rejects(readSlowly(answer), { code: 'ECONNRESET' })
})

t.test('a streamed page goes on to its end, and its connection ends', async t => {
  const part = gate(t, 'slowPart')
  const { fastify, port } = await serve(t, { server })
  const { send, until, closed } = await connection(t, port)
  send(get('/stream'))
  t.match(await until(/The shell/), /^connection: keep-alive\r\n/im)
  const ended = closeSoon(fastify)
  await refused(port)
  part.open()
  t.match(await closed, /The slow part.*\r\n0\r\n\r\n$/s)
  await ended
})

t.test('a request behind a streamed page', async t => {
  const part = gate(t, 'slowPart')
  const { fastify, port } = await serve(t, { server })
  const idle = await connection(t, port)
  idle.send(get('/static'))
  await idle.answer()
  const { send, until, closed } = await connection(t, port)
  send(get('/stream'))
  await until(/The shell/)
  const ended = closeSoon(fastify)
  t.equal(await idle.closed, '')
  const behind = once(fastify.server, 'request')
  send(get('/dynamic'))
  await behind
  part.open()
  await until(/\r\n0\r\n\r\n/)
  t.match(await closed, /^HTTP\/1\.1 200 OK\r\n.*connection: close\r\n/is)
  await ended
})

t.test('a request right after a streamed page', async t => {
  const part = gate(t, 'slowPart')
  const { fastify, port } = await serve(t, { server })
  const { send, until, closed } = await connection(t, port)
  send(get('/stream'))
  await until(/The shell/)
  const ended = closeSoon(fastify)
  await refused(port)
  part.open()
  await until(/\r\n0\r\n\r\n/)
  send(get('/dynamic'))
  // Or it has crossed the end of the connection, and is sent again.
  t.match(await closed, /^(HTTP\/1\.1 200 OK\r\n.*connection: close\r\n.*)?$/is)
  await ended
})

t.test('event streams that a hook ends, and WebSockets, hold nothing up', async t => {
  const events = new PassThrough()
  const disconnected = event('the end of the WebSocket')
  const { fastify, port } = await serve(t, {
    server,
    async after(fastify: FastifyInstance) {
      await fastify.register(fastifyWebsocket)
      await fastify.register(async scope => {
        scope.get('/own/socket', { websocket: true }, socket => {
          socket.on('message', (message: Buffer) => socket.send(`echo of ${message}`))
          socket.once('close', () => disconnected.happen())
        })
      })
      fastify.get('/own/events', (_request, reply) => reply.type('text/event-stream').send(events))
      fastify.addHook('preClose', async () => void events.end('data: last\n\n'))
    }
  })
  const stream = await connection(t, port)
  stream.send(get('/own/events'))
  events.write('data: first\n\n')
  await stream.until(/data: first/)
  const socket = await connection(t, port)
  socket.send(upgradeRequest('/own/socket'))
  t.match(await socket.until(/\r\n\r\n/), /^HTTP\/1\.1 101 /)
  // A text of two bytes, masked with zeros.
  const say = () => socket.send('\x81\x82\0\0\0\0hi')

  const ended = closeSoon(fastify)
  say()
  await socket.until(/echo of hi/)
  // The server's end of the conversation, and the answer to it.
  await socket.until(/^\x88/)
  socket.send('\x88\x80\0\0\0\0')
  await disconnected.happened
  t.match(await stream.closed, /data: last/)
  await ended
  t.ok(await isRefused(port))
})
