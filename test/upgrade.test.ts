import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect } from 'node:net'
import t from 'tap'
import { serve } from './helpers/serve.js'
import { upgradeRequest } from './helpers/wire.js'

t.test('in production every upgrade belongs to the user, on the path of a page too', async t => {
  const { fastify, port, url } = await serve(t)
  await (await fetch(`${url}/static`)).text()
  t.equal(fastify.server.listenerCount('upgrade'), 0)
  fastify.server.on('upgrade', (_request, socket) =>
    socket.end('HTTP/1.1 101 Switching Protocols\r\n\r\nmine')
  )
  for (const path of ['/static', '/own', '/_next/hmr']) {
    const socket = connect(port, '127.0.0.1')
    socket.write(upgradeRequest(path))
    const [answer] = await once(socket, 'data', { signal: AbortSignal.timeout(5_000) })
    t.match(String(answer), /^HTTP\/1\.1 101 .*mine/s)
    socket.destroy()
  }
})

t.test('with httpServer Next listens for upgrades there', async t => {
  const httpServer = createServer()
  const { fastify, url } = await serve(t, { options: { httpServer } })
  await (await fetch(`${url}/static`)).text()
  t.equal(httpServer.listenerCount('upgrade'), 1)
  t.equal(fastify.server.listenerCount('upgrade'), 0)
})
