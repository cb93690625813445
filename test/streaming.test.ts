import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { connect } from 'node:net'
import t from 'tap'
import { event } from './helpers/event.js'
import { gate, setGlobal } from './helpers/globals.js'
import { ready, serve } from './helpers/serve.js'

async function open(port: number, path: string, method = 'GET') {
  const headers = { 'accept-encoding': 'identity' }
  const outgoing = request({ port, host: '127.0.0.1', path, method, headers })
  outgoing.end()
  const [response] = await once(outgoing, 'response', { signal: AbortSignal.timeout(10_000) })
  return { outgoing, response: (response as IncomingMessage).setEncoding('utf8') }
}

async function readUntil(response: IncomingMessage, text: string): Promise<string> {
  let body = ''
  for await (const chunk of response.iterator({ destroyOnReturn: false })) {
    body += chunk
    if (body.includes(text)) break
  }
  return body
}

t.test('the shell of a page arrives while the rest still renders', async t => {
  const slow = gate(t, 'slowPart')
  const { port } = await serve(t)
  const { response } = await open(port, '/stream')
  t.equal(response.headers['content-length'], undefined)
  const shell = await readUntil(response, 'Waiting')
  await slow.entered
  t.notMatch(shell, 'The slow part')
  slow.open()
  t.match(await readUntil(response, 'The slow part'), 'The slow part')
  response.destroy()
})

t.test('a head that is flushed leaves before the first byte of the body', async t => {
  const flushed = event<NodeJS.WritableStream>('flushHeaders()')
  setGlobal(t, 'headFlushed', flushed.happen)
  const { port } = await serve(t)
  const { response } = await open(port, '/api/response?way=flush')
  t.equal(response.statusCode, 200)
  t.equal(response.headers['content-type'], 'text/event-stream')
  const next = await flushed.happened
  next.write('data: first\n\n')
  t.equal(await readUntil(response, 'first'), 'data: first\n\n')
  next.end('data: last\n\n')
  t.equal(await readUntil(response, 'last'), 'data: last\n\n')
})

t.test('events arrive one by one, and a client that leaves aborts the request', async t => {
  const aborted = event('the abort')
  setGlobal(t, 'eventsAborted', aborted.happen)
  const { port } = await serve(t)
  const { outgoing, response } = await open(port, '/api-route/events')
  await readUntil(response, 'data: tick\n\ndata: tick\n\n')
  outgoing.destroy()
  await aborted.happened
})

t.test('a client that leaves before the head aborts the request', async t => {
  const started = event('the route handler')
  const aborted = event('the abort')
  setGlobal(t, 'slowRoute', async (signal: AbortSignal) => {
    started.happen()
    await once(signal, 'abort')
    aborted.happen()
  })
  const { port } = await serve(t)
  const outgoing = request({ port, host: '127.0.0.1', path: '/api-route/slow' })
  outgoing.on('error', () => {})
  outgoing.end()
  await started.happened
  outgoing.destroy()
  await aborted.happened
})

t.test('a stream that fails after its first byte is cut', async t => {
  const late = gate(t, 'beforeStreamFails')
  const { port } = await serve(t)
  const { response } = await open(port, '/api-route/throws', 'POST')
  t.equal(response.statusCode, 200)
  t.equal(await readUntil(response, 'a beginning'), 'a beginning')
  late.open()
  await t.rejects(
    async () => {
      for await (const _ of response);
    },
    { code: 'ECONNRESET' }
  )
})

t.test('a reader that never reads holds the writer back', async t => {
  const { port } = await serve(t)
  const written = event<number>('a stalled write')
  let total = 0
  let stall: NodeJS.Timeout | undefined
  setGlobal(t, 'endlessPull', (length: number) => {
    total += length
    clearTimeout(stall)
    // The writer has stalled when it has not been asked for more for a while.
    stall = setTimeout(() => written.happen(total), 500)
  })
  const socket = connect(port, '127.0.0.1')
  socket.pause()
  socket.write('GET /api-route/endless HTTP/1.1\r\nHost: localhost\r\n\r\n')
  const held = await written.happened
  t.ok(held < 16 * 1024 * 1024, `${held} bytes were written`)
  socket.destroy()
})

t.test('a writer that waits for drain goes on when the reader does', async t => {
  const chunk = Buffer.alloc(256 * 1024, 'x')
  const count = 64
  let waits = 0
  const fastify = await ready(t)
  fastify.nextApp.getRequestHandler = () => async (_request, response) => {
    for (let index = 0; index < count; index++) {
      if (response.write(chunk)) continue
      waits++
      await once(response, 'drain')
    }
    response.end()
  }
  const url = await fastify.listen({ host: '127.0.0.1', port: 0 })
  const response = await fetch(url, { signal: AbortSignal.timeout(10_000) })
  t.equal((await response.arrayBuffer()).byteLength, count * chunk.length)
  t.ok(waits > 0, `it waited ${waits} times`)
})
