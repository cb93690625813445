import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import websocket from '@fastify/websocket'
import type { FastifyInstance } from 'fastify'
import t from 'tap'
import type { WebSocket } from 'ws'
import { hotReloadPaths } from '../src/next/hot-reload-path.js'
import { twoAddressesOfLocalhost } from './helpers/localhost.js'
import { ready, serve } from './helpers/serve.js'
import { echoOf, isRefused, refusal } from './helpers/upgrades.js'
import { upgradeRequest } from './helpers/wire.js'

const MINE = { wsHandler: (socket: WebSocket) => socket.send('mine') }

/** The beginning of what an upgrade is answered with. */
async function answerTo(port: number, path: string, host = '127.0.0.1'): Promise<string> {
  const socket = connect(port, host)
  socket.write(upgradeRequest(path))
  const [answer] = await once(socket, 'data', { signal: AbortSignal.timeout(5_000) })
  socket.destroy()
  return String(answer)
}

t.test('in production every upgrade belongs to the user, on the path of a page too', async t => {
  const { fastify, port, url } = await serve(t)
  await (await fetch(`${url}/static`)).text()
  t.equal(fastify.server.listenerCount('upgrade'), 0)
  fastify.server.on('upgrade', (_request, socket) =>
    socket.end('HTTP/1.1 101 Switching Protocols\r\n\r\nmine')
  )
  for (const path of ['/static', '/own', '/_next/hmr']) {
    t.match(await answerTo(port, path), /^HTTP\/1\.1 101 .*mine/s)
  }
})

t.test('with httpServer Next listens for upgrades there', async t => {
  const httpServer = createServer()
  const { fastify, url } = await serve(t, { options: { httpServer } })
  await (await fetch(`${url}/static`)).text()
  t.equal(httpServer.listenerCount('upgrade'), 1)
  t.equal(fastify.server.listenerCount('upgrade'), 0)
})

t.test('in production both servers of localhost do the same', async t => {
  twoAddressesOfLocalhost(t)
  const fastify = await ready(t)
  await fastify.listen({ host: 'localhost', port: 0 })
  const { port } = fastify.server.address() as AddressInfo
  const answers = () =>
    Promise.all(['127.0.0.1', '::1'].map(host => answerTo(port, '/static', host)))
  const mine = (_request: unknown, socket: { end(text: string): void }) => {
    socket.end('HTTP/1.1 101 Switching Protocols\r\n\r\n')
  }
  // Nobody listens: the request is an ordinary one.
  for (const answer of await answers()) t.match(answer, /^HTTP\/1\.1 200 /)
  fastify.server.on('upgrade', mine)
  for (const answer of await answers()) t.match(answer, /^HTTP\/1\.1 101 /)
  fastify.server.off('upgrade', mine)
  for (const answer of await answers()) t.match(answer, /^HTTP\/1\.1 200 /)
})

t.test('a page can have a WebSocket of @fastify/websocket', async t => {
  const { port, url } = await serve(t, {
    before: fastify => fastify.register(websocket),
    after: fastify => {
      fastify.next('/static', { method: 'GET' as const, ...MINE })
      fastify.next('/dynamic')
    }
  })
  t.equal(await echoOf(t, `ws://127.0.0.1:${port}/static`), 'mine')
  t.match(await (await fetch(`${url}/static`)).text(), 'A page that is prerendered')
  isRefused(t, await refusal(port, '/dynamic'), 404)
})

for (const moment of ['before', 'after'] as const) {
  t.test(`injectWS() of @fastify/websocket, which is there ${moment}`, async t => {
    const fastify = await ready(t, {
      [moment]: (fastify: FastifyInstance) => fastify.register(websocket),
      server: { forceCloseConnections: false }
    })
    await t.rejects(fastify.injectWS('/static'), { message: '404' })
  })
}

t.test('where each version of Next has its sockets of hot reloading', async t => {
  const since = '/_next/hmr'
  const before = '/_next/webpack-hmr'
  const bare = { basePath: '', assetPrefix: '' }
  for (const version of ['16.2.11', '16.2.99']) {
    t.strictSame(hotReloadPaths({ version }, bare), { current: before, other: since }, version)
  }
  for (const version of ['16.3.0', '16.4.6', '16.10.0', '16.20.0']) {
    t.strictSame(hotReloadPaths({ version }, bare), { current: since, other: before }, version)
  }
  const prefixes = {
    '': '/base',
    '/': '',
    '/base': '/base',
    'cdn//': '/cdn',
    '//cdn/a': '/cdn/a',
    'http://example.com': '',
    'https://example.com:8443/a/b/?c': '/a/b',
    'https://example.com/%C3%A9 x/': '/%C3%A9%20x'
  }
  for (const [assetPrefix, prefix] of Object.entries(prefixes)) {
    const config = { basePath: '/base', assetPrefix }
    t.equal(hotReloadPaths({ version: '16.4.6' }, config).current, prefix + since, assetPrefix)
  }
})

t.test('nothing is left on the server', async t => {
  for (const options of [{}, { websocketRewrites: true }]) {
    twoAddressesOfLocalhost(t)
    const fastify = await ready(t, { options })
    const { server } = fastify
    await fastify.listen({ host: 'localhost', port: 0 })
    t.equal(server.listenerCount('upgrade'), 'websocketRewrites' in options ? 1 : 0)
    await fastify.close()
    for (const event of ['upgrade', 'newListener', 'removeListener']) {
      t.equal(server.listenerCount(event), 0, event)
    }
    t.notOk(Object.hasOwn(server, 'emit'))
  }
})
