import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import type { Duplex } from 'node:stream'
import t from 'tap'
import { headOf, ownUpgrades } from '../src/upgrade/gate.js'
import { isRefused, refusal } from './helpers/upgrades.js'
import { upgradeRequest } from './helpers/wire.js'

const answer = (text: string) => (_request: unknown, socket: Duplex) => {
  socket.end(`HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n${text}`)
}

t.test('several apps, and others, on one server', async t => {
  const server = createServer((_request, response) => response.end('ordinary'))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo
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
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  t.teardown(ownUpgrades(server, { paths: [], take: () => {} }))
  const { port } = server.address() as AddressInfo
  for (let count = 0; count < 20; count++) {
    const socket = connect(port, '127.0.0.1')
    const closed = once(socket, 'close')
    socket.write(upgradeRequest('/c'), () => socket.resetAndDestroy())
    await closed
  }
  isRefused(t, await refusal(port, '/c'), 404)
})
