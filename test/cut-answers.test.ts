import { connect } from 'node:net'
import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { createGzip } from 'node:zlib'
import type { onSendAsyncHookHandler } from 'fastify'
import t from 'tap'
import { setGlobal } from './helpers/globals.js'
import { ready, serve } from './helpers/serve.js'
import { exchange } from './helpers/wire.js'

/** Hooks that take their time: less and more than the 50 ms until `way=cut` destroys its answer. */
const HOOKS: Record<string, onSendAsyncHookHandler | undefined> = {
  none: undefined,
  immediate: async (_request, _reply, payload) => payload,
  slow: async (_request, _reply, payload) => {
    await sleep(20)
    return payload
  },
  'very slow': async (_request, _reply, payload) => {
    await sleep(150)
    return payload
  },
  piping: async (_request, _reply, payload) =>
    payload instanceof Readable ? payload.pipe(createGzip()) : payload
}

const nextTurn = () => new Promise<void>(resolve => setImmediate(resolve))

for (const [name, hook] of Object.entries(HOOKS)) {
  t.test(`a page that fails after its first byte, with an onSend hook: ${name}`, async t => {
    const { port } = await serve(t, {
      before: fastify => hook && fastify.addHook('onSend', hook)
    })
    for (const beforeStreamFails of [undefined, nextTurn, () => sleep(10)]) {
      setGlobal(t, 'beforeStreamFails', beforeStreamFails)
      for (const line of ['POST /api-route/throws', 'GET /api/response?way=cut']) {
        const head = `${line} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`
        const answer = await exchange(port, head)
        t.notMatch(answer, 'secret', line)
        t.notMatch(answer, /\r\n0\r\n\r\n$/, `${line}: there is no last chunk`)
        if (name !== 'piping') t.match(answer, /^HTTP\/1\.1 200 .*a beginning/s, line)
      }
    }
  })
}

t.test('a slow reader gets what was written, and then the cut', async t => {
  const length = 4 * 1024 * 1024
  const fastify = await ready(t)
  fastify.nextApp.getRequestHandler = () => async (_request, response) => {
    response.write(Buffer.alloc(length))
    response.write('the last')
    response.destroy(new Error('secret'))
    response.end('Internal Server Error')
  }
  const address = await fastify.listen({ host: '127.0.0.1', port: 0 })
  const socket = connect(Number(new URL(address).port), '127.0.0.1')
  socket.pause()
  socket.setTimeout(5_000, () => socket.destroy(new Error('The connection is not cut')))
  socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
  await nextTurn()
  const chunks: Buffer[] = []
  for await (const chunk of socket) chunks.push(chunk)
  const answer = Buffer.concat(chunks).toString('latin1')
  t.match(answer, /^HTTP\/1\.1 200 /)
  t.notMatch(answer, 'Internal Server Error')
  t.notMatch(answer, /\r\n0\r\n\r\n$/)
})

t.test('a rejection after a complete answer is logged, and the answer stands', async t => {
  const lines: string[] = []
  const fastify = await ready(t, {
    server: {
      logger: { level: 'error', stream: { write: (line: string) => void lines.push(line) } }
    },
    before: fastify => fastify.addHook('onSend', HOOKS.slow as onSendAsyncHookHandler)
  })
  fastify.nextApp.getRequestHandler = () => async (_request, response) => {
    response.end('complete')
    throw new Error('too late')
  }
  const { body, statusCode } = await fastify.inject('/')
  t.equal(body, 'complete')
  t.equal(statusCode, 200)
  t.match(JSON.parse(String(lines[0])), { err: { code: 'FST_NEXT_REQUEST_FAILED' } })
})

t.test('a response that is destroyed after its end is complete, and calls back', async t => {
  const fastify = await ready(t)
  const calls: string[] = []
  fastify.nextApp.getRequestHandler = () => async (request, response) => {
    const end = () => {
      response.end('the end', () => calls.push('end'))
      response.destroy()
    }
    response.on('finish', () => calls.push('finish'))
    response.on('close', () => calls.push('close'))
    if (request.url === '/streamed') response.write('a beginning, ', () => setImmediate(end))
    else end()
  }
  for (const [url, body] of [
    ['/streamed', 'a beginning, the end'],
    ['/at-once', 'the end']
  ] as const) {
    calls.length = 0
    t.equal((await fastify.inject(url)).body, body)
    t.strictSame(calls, ['finish', 'end', 'close'], url)
  }
})

t.test('a handler that wraps write and end sees each chunk once', async t => {
  const fastify = await ready(t)
  fastify.nextApp.getRequestHandler = () => async (_request, response) => {
    const { end, write } = response
    Object.assign(response, {
      write: (chunk: string) => write.call(response, `${chunk}!`, 'utf8'),
      end: (chunk: string) => end.call(response, `${chunk}!`, 'utf8')
    })
    response.write('a')
    response.end('b')
  }
  t.equal((await fastify.inject('/')).body, 'a!b!')
})
