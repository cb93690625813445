import { on, once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { type Duplex, PassThrough } from 'node:stream'
import t, { type Test } from 'tap'
import { headOf, ownUpgrades } from '../src/upgrade/gate.js'
import { isRefused, refusal } from './helpers/upgrades.js'
import { h2cRequest, upgradeRequest } from './helpers/wire.js'

const answer = (text: string) => (_request: unknown, socket: Duplex) => {
  socket.end(`HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n${text}`)
}

async function listen(t: Test, server: Server): Promise<number> {
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  return (server.address() as AddressInfo).port
}

t.test('several apps, and others, on one server', async t => {
  const server = createServer((_request, response) => response.end('ordinary'))
  const port = await listen(t, server)
  const ask = (path: string) => refusal(port, path)

  const disown = ownUpgrades(server, { paths: ['/a'], take: answer('app a') })
  const disownOther = ownUpgrades(server, { paths: ['/b'], take: answer('app b') })
  t.match(await ask('/a?x'), /app a$/)
  t.match(await ask('/b'), /app b$/)
  isRefused(t, await ask('/c'), 404)

  let counted = 0
  const other = (request: IncomingMessage, socket: Duplex): void => {
    counted = server.listenerCount('upgrade')
    answer('other')(request, socket)
  }
  server.on('upgrade', other)
  t.match(await ask('/a'), /app a$/)
  t.match(await ask('/c'), /other$/)
  t.equal(counted, 1)

  // One of them is emitted by another.
  const again = (request: IncomingMessage, socket: Duplex): void => {
    server.off('upgrade', again)
    server.emit('upgrade', Object.assign(request, { url: '/a' }), socket, Buffer.alloc(0))
  }
  server.off('upgrade', other)
  server.on('upgrade', again)
  t.match(await ask('/c'), /app a$/)
  t.equal(server.listenerCount('upgrade'), 1)

  disown()
  isRefused(t, await ask('/a'), 404)
  t.match(await ask('/b'), /app b$/)
  disownOther()
  disownOther()
  t.equal(server.listenerCount('upgrade'), 0)
  t.notOk(Object.hasOwn(server, 'emit'))
})

t.test('what follows the head is kept for who answers later', async t => {
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const routed = once(server, 'routed')
  const disown = ownUpgrades(server, {
    paths: [],
    take: answer('never'),
    route(request, socket) {
      answer('routed')(request, socket)
      server.emit('routed', headOf(request))
    }
  })
  t.teardown(disown)
  const { port } = server.address() as AddressInfo
  const request = `${upgradeRequest('/c')}and more`
  t.match(await refusal(port, '/c', { request }), /routed$/)
  const [head] = await routed
  t.equal(String(head), 'and more')
})

t.test('a client that resets its connection does no harm', async t => {
  const server = createServer()
  const port = await listen(t, server)
  t.teardown(ownUpgrades(server, { paths: [], take: () => {} }))
  for (let count = 0; count < 20; count++) {
    const socket = connect(port, '127.0.0.1')
    const closed = once(socket, 'close')
    socket.write(upgradeRequest('/c'), () => socket.resetAndDestroy())
    await closed
  }
  isRefused(t, await refusal(port, '/c'), 404)
})

/** Tells what it has been asked, and with which headers, and body. */
async function tell(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { method, url, headers } = request
  let body = ''
  for await (const chunk of request) body += chunk
  response.end([method, url, headers['x-name'], body].join(' '))
}

t.test('what is for no WebSocket is an ordinary request', async t => {
  const server = createServer(tell)
  const port = await listen(t, server)
  t.teardown(ownUpgrades(server, { paths: ['/a'], take: answer('app') }))
  const ask = (request: string) => refusal(port, '', { request })
  const named = (request: string) => request.replace('\r\n', '\r\nX-Name: a\xE9b\r\n')
  const post = h2cRequest('/a', 'a body')
  const chunked = post
    .replace(/Content-Length.*/, 'Transfer-Encoding: chunked')
    .replace('a body', '2\r\na \r\n4\r\nbody\r\n0\r\n\r\n')
  const head = h2cRequest('/a').replace('GET', 'HEAD')

  t.match(await ask(h2cRequest('/a?b=c')), /^HTTP\/1\.1 200 .*\r\nGET \/a\?b=c/s)
  t.match(await ask(head), /^HTTP\/1\.1 200 .*\r\n\r\n$/s)
  t.match(await ask(post), /POST \/a {2}a body$/)
  t.match(await ask(post.replace('h2c', 'websocket')), /POST \/a {2}a body$/)
  t.match(await ask(chunked), /POST \/a {2}a body/)
  t.match(await ask(h2cRequest('/a').replace('h2c', 'WebSocket')), /app$/)
  t.match(await ask(post.replace('Host: localhost\r\n', '')), /^HTTP\/1\.1 400 /)
  // As bytes, which a client need not send as UTF-8.
  const socket = connect(port, '127.0.0.1')
  socket.end(Buffer.from(named(h2cRequest('/a')), 'latin1'))
  t.match(String((await once(socket, 'data'))[0]), 'GET /a a\xE9b')
  socket.destroy()
})

t.test('a body that is still to come, and an answer before it that is', async t => {
  const server = createServer()
  const port = await listen(t, server)
  t.teardown(ownUpgrades(server, { paths: [], take: () => {} }))
  const socket = connect(port, '127.0.0.1')
  t.teardown(() => socket.destroy())
  const [head = '', body = ''] = h2cRequest('/second', 'a body').split(/(?<=\r\n\r\n)/)
  const requests = on(server, 'request', { signal: AbortSignal.timeout(10_000) })
  socket.write(`GET /first HTTP/1.1\r\nHost: localhost\r\n\r\n${head}`)
  const [, response] = (await requests.next()).value as [IncomingMessage, ServerResponse]
  response.end('first')
  const [request, last] = (await requests.next()).value as [IncomingMessage, ServerResponse]
  socket.write(body)
  await tell(request, last)
  const chunks: Buffer[] = []
  socket.on('data', chunk => chunks.push(chunk))
  await once(socket, 'close')
  t.match(Buffer.concat(chunks).toString(), /\r\n\r\nfirst.*\r\nPOST \/second {2}a body$/s)
})

t.test('what others listen for is theirs, whatever it is for', async t => {
  const server = createServer(tell)
  const port = await listen(t, server)
  t.teardown(ownUpgrades(server, { paths: ['/a'], take: answer('app') }))
  server.on('upgrade', answer('other'))
  for (const request of [h2cRequest('/a'), h2cRequest('/a', 'a body')]) {
    t.match(await refusal(port, '', { request }), /other$/)
  }
})

t.test('a WebSocket that nobody takes is refused', async t => {
  const server = createServer()
  const port = await listen(t, server)
  const own = () => ownUpgrades(server, { paths: [], take: () => {} })
  const disown = own()
  const taken: Duplex[] = []
  const takes: Record<string, (socket: Duplex) => unknown> = {
    '/written': socket => socket.write('HTTP/1.1 101 Switching Protocols\r\n\r\n'),
    '/read': socket => socket.on('data', () => {}),
    '/resumed': socket => socket.resume(),
    '/piped': socket => socket.pipe(new PassThrough()),
    '/guarded': socket => socket.on('error', () => {})
  }
  server.on('upgrade', ({ url }, socket) => {
    taken.push(socket)
    takes[String(url)]?.(socket)
  })
  t.teardown(() => taken.forEach(socket => void socket.destroy()))

  /** Opens one, and resolves to the server's end of it once others have heard of it. */
  const hold = async (path: string): Promise<Duplex> => {
    const heard = once(server, 'upgrade')
    connect(port, '127.0.0.1')
      .on('error', () => {})
      .write(upgradeRequest(path))
    return ((await heard) as [unknown, Duplex])[1]
  }
  const held = new Map<string, Duplex>()
  for (const path of Object.keys(takes)) held.set(path, await hold(path))
  held.set('of an app that is gone', await hold('/ignored'))
  disown()
  for (const path of Object.keys(takes)) held.set(`${path} again`, await hold(path))
  t.teardown(own())
  for (const path of Object.keys(takes)) held.set(`${path} of another`, await hold(path))
  // Which comes to an end after the time of the others would have.
  isRefused(t, await refusal(port, '/ignored'), 404)
  for (const [name, socket] of held) t.notOk(socket.writableEnded, name)
})
