import { once } from 'node:events'
import { cp, mkdir, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import http2 from 'node:http2'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { FastifyInstance, FastifyServerOptions } from 'fastify'
import t, { type Test } from 'tap'
import { answered } from './helpers/answered.js'
import type { Ask, Client } from './helpers/client.js'
import { event } from './helpers/event.js'
import { builtFixture, fixturePath } from './helpers/fixture.js'
import { setGlobal } from './helpers/globals.js'
import { countInFlight } from './helpers/in-flight.js'
import { count } from './helpers/lane.js'
import { keptLog } from './helpers/log.js'
import { overEveryProtocol } from './helpers/protocols.js'
import { serve } from './helpers/serve.js'
import { exchange } from './helpers/wire.js'

/** More than the sockets and the streams between the ends of a connection hold. */
const LARGE = 32 * 1024 * 1024
const HELD = 16 * 1024 * 1024

const dir = fixturePath(`.clients-${process.pid}`)
t.teardown(() => rm(dir, { force: true, recursive: true }))

t.before(async () => {
  const built = await builtFixture('failing')
  await cp(built, dir, { recursive: true })
  await mkdir(join(dir, 'public'))
  await writeFile(join(dir, 'public', 'large.bin'), Buffer.alloc(LARGE))
})

/** A way to leave: what is asked, and what must be seen of it in the app. */
interface Departure {
  leave(t: Test, client: Client): Promise<void>
  /** The globals by which the app says that it has been told. */
  told: string[]
}

async function leaveDuring(client: Client, path: string, begun: Promise<unknown>) {
  const { body, leave } = await client.begin(path)
  body.on('error', () => {})
  await Promise.all([begun, once(body, 'data')])
  leave()
}

const DEPARTURES: Record<string, Departure> = {
  'before the head': {
    told: ['signal'],
    async leave(t, client) {
      const entered = event('the route handler')
      setGlobal(t, 'waitForClient', async (signal: AbortSignal) => {
        signal.addEventListener('abort', () => Reflect.get(globalThis, 'signal')())
        entered.happen()
        await once(signal, 'abort')
      })
      await client.abandon('/abandoned', entered.happened)
    }
  },
  'in a stream': {
    told: ['streamAborted', 'streamCancelled'],
    leave: (_t, client) => leaveDuring(client, '/endless', Promise.resolve())
  },
  'in a large file': {
    told: [],
    leave: (_t, client) => leaveDuring(client, '/large.bin', Promise.resolve())
  },
  'in an upload': {
    told: ['uploadAborted'],
    async leave(t, client) {
      const uploading = event('a part of the upload')
      setGlobal(t, 'uploaded', uploading.happen)
      await client.abandon(
        { path: '/abandoned', method: 'POST', body: 'x'.repeat(1000), isEndless: true },
        uploading.happened
      )
    }
  }
}

t.test('a client that leaves', async t => {
  const log = keptLog()
  let idle = async () => {}
  const setup = {
    fixture: 'failing',
    options: { dir },
    server: { logger: log.logger },
    before(fastify: FastifyInstance) {
      idle = countInFlight(fastify)
    }
  }
  await overEveryProtocol(t, setup, async (t, { client }) => {
    for (const [name, { told, leave }] of Object.entries(DEPARTURES)) {
      log.take()
      const reached = told.map(global => {
        const { happen, happened } = event(`${global}, ${name}`)
        setGlobal(t, global, happen)
        return happened
      })
      await leave(t, client)
      await Promise.all(reached)
      await idle()
      const lines = log
        .take()
        .filter(({ msg }) => !/^(incoming request|request completed)/.test(msg))
      t.equal(lines.length, 1, `${name}: ${JSON.stringify(lines)}`)
      t.match(lines[0]?.msg, /^(request aborted|stream closed prematurely)$/, name)
      t.equal(lines[0]?.level, 30, name)
    }
    t.match((await client.ask('/')).body, 'Nothing is broken', 'the server goes on')
  })
})

/** What a process has open, and how many listeners there are to what outlives a request. */
function holdings({ server }: FastifyInstance) {
  const listeners = (emitter: NodeJS.EventEmitter) =>
    emitter.eventNames().reduce((sum, name) => sum + emitter.listenerCount(name), 0)
  const resources = process.getActiveResourcesInfo().filter(name => /TCP|TLS|File|Pipe/.test(name))
  return { listeners: listeners(server) + listeners(process), resources: resources.sort() }
}

async function connectionsOf({ server }: FastifyInstance): Promise<number> {
  return new Promise((resolve, reject) =>
    server.getConnections((error, number) => (error ? reject(error) : resolve(number)))
  )
}

/** Each way to leave once, and the time that it takes to get there is never the same. */
const STORM: Ask[] = [
  '/abandoned',
  '/endless',
  '/large.bin',
  '/',
  '/broken-part',
  { path: '/abandoned', method: 'POST', body: 'x'.repeat(1000), isEndless: true }
].map(what => (typeof what === 'string' ? { path: what } : what))

const AT_ONCE = 50

/** Leaves `number` times, at once or when the answer has begun. */
async function storm(client: Client, number: number): Promise<void> {
  let left = 0
  const run = async () => {
    while (left < number) {
      const index = left++
      const ask = STORM[index % STORM.length] as Ask
      const isHasty = index % 4 === 0
      if (isHasty) {
        await client.abandon(ask, new Promise(setImmediate))
      } else if (ask.isEndless || ask.path === '/abandoned') {
        await client.abandon(ask, sleep(index % 7))
      } else {
        const { body, leave } = await client.begin(ask)
        body.on('error', () => {})
        leave()
      }
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, run))
}

t.test('a storm of clients that leave', async t => {
  const collect = collector()
  setGlobal(t, 'waitForClient', (signal: AbortSignal) => once(signal, 'abort'))
  let idle = async () => {}
  const setup = {
    fixture: 'failing',
    options: { dir, quiet: true },
    before(fastify: FastifyInstance) {
      idle = countInFlight(fastify)
    }
  }
  await overEveryProtocol(t, setup, async (t, { client, fastify, protocol }) => {
    // Node ends a session of HTTP/2 that resets a thousand streams.
    const number = protocol.version === '2.0' ? count(120, 600) : count(120, 17_000)
    const settle = async () => {
      await client.ask('/')
      await idle()
      await until(async () => (await connectionsOf(fastify)) <= 1, 'the connections to close')
      await until(async () => !holdings(fastify).resources.some(isFile), 'the files to close')
      return { ...holdings(fastify), heap: collect() }
    }
    await storm(client, count(60, 200))
    const before = await settle()
    await storm(client, number)
    const after = await settle()
    t.equal(after.listeners, before.listeners)
    t.strictSame(after.resources, before.resources)
    const grown = after.heap - before.heap
    t.ok(grown < 8 * 1024 * 1024, `the heap has grown by ${grown} bytes`)
  })
})

t.test('a reader that never reads, or one byte at a time', async t => {
  let pulled = 0
  setGlobal(t, 'endlessPull', (length: number) => {
    pulled += length
  })
  for (const [name, server] of Object.entries({
    connectionTimeout: { connectionTimeout: 300 },
    handlerTimeout: { handlerTimeout: 300 }
  })) {
    const { fastify, port } = await serve(t, { fixture: 'failing', options: { dir }, server })
    for (const path of ['/endless', '/large.bin']) {
      for (const isReading of [false, true]) {
        pulled = 0
        const socket = connect({ port, host: '127.0.0.1' })
        const cut = event(`${name}: the end of ${path}`)
        fastify.server.once('connection', peer => peer.once('close', () => cut.happen()))
        socket.on('error', () => {})
        socket.pause()
        socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`)
        const reading = isReading ? setInterval(() => socket.read(1), 20) : undefined
        await cut.happened
        clearInterval(reading)
        t.ok(pulled < HELD, `${name}, ${path}: ${pulled} bytes were made`)
        socket.destroy()
      }
    }
    t.equal((await fastify.inject('/')).statusCode, 200)
    await fastify.close()
  }
})

t.test('a reader of HTTP/2 that never reads', async t => {
  let pulled = 0
  setGlobal(t, 'endlessPull', (length: number) => {
    pulled += length
  })
  const { port } = await serve(t, {
    fixture: 'failing',
    options: { dir },
    server: { http2: true, handlerTimeout: 300 } as object
  })
  const session = http2.connect(`http://127.0.0.1:${port}`)
  t.teardown(() => session.destroy())
  for (const path of ['/endless', '/large.bin']) {
    const stream = session.request({ ':path': path })
    stream.pause()
    const [error] = await once(stream, 'error')
    t.equal(error.code, 'ERR_HTTP2_STREAM_ERROR', path)
    t.ok(pulled < HELD, `${path}: ${pulled} bytes were made`)
  }
})

t.test('a writer that never ends, and slow headers', async t => {
  const aborted = event('the abort of the upload')
  const reading = event('the reader')
  setGlobal(t, 'uploadAborted', aborted.happen)
  setGlobal(t, 'uploaded', reading.happen)
  const { port, url } = await serve(t, {
    fixture: 'failing',
    options: { dir },
    server: {
      requestTimeout: 300,
      http: { headersTimeout: 300, connectionsCheckingInterval: 50 }
    } as FastifyServerOptions
  })
  const upload = 'POST /abandoned HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n1'
  t.match(await exchange(port, upload), /^HTTP\/1\.1 408 /, 'a body')
  await reading.happened
  await aborted.happened
  t.match(await exchange(port, 'GET / HTTP/1.1\r\nHost: loc'), /^HTTP\/1\.1 408 /, 'a head')
  t.equal((await answered(url)).status, 200)
})

t.test('a writer of more than the app reads', async t => {
  const held = event('the route handler')
  setGlobal(t, 'beforeReading', async () => {
    held.happen()
    await new Promise(() => {})
  })
  const { port } = await serve(t, {
    fixture: 'failing',
    options: { dir },
    server: { handlerTimeout: 1_000 }
  })
  const headers = { 'transfer-encoding': 'chunked' }
  const outgoing = request({ port, host: '127.0.0.1', path: '/abandoned', method: 'POST', headers })
  outgoing.on('error', () => {})
  const answered = once(outgoing, 'response')
  let written = 0
  const write = () => {
    while (written < 2 * LARGE && !outgoing.destroyed) {
      written += 64 * 1024
      if (!outgoing.write(Buffer.alloc(64 * 1024))) return outgoing.once('drain', write)
    }
    return outgoing
  }
  write()
  await held.happened
  const [{ statusCode }] = await answered
  t.equal(statusCode, 503)
  t.ok(written < LARGE, `${written} bytes were taken`)
  outgoing.destroy()
})

function isFile(resource: string): boolean {
  return /^File/.test(resource)
}

/** Resolves when `holds` does, which nothing tells. */
async function until(holds: () => Promise<boolean>, what: string): Promise<void> {
  const deadline = Date.now() + 5_000
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`Waited in vain for ${what}`)
    await sleep(20)
  }
}

/** @returns collects garbage and says how large the heap is then */
function collector(): () => number {
  setFlagsFromString('--expose-gc')
  const gc = runInNewContext('gc') as () => void
  return () => {
    gc()
    gc()
    return process.memoryUsage().heapUsed
  }
}
