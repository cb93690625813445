// node upgrade-owners.mjs SETUPS: serves an app once for each setup (JSON), with somebody who owns
// upgrades beside it: `owner`, there from the moment `when` on. The option `httpServer` is Fastify's
// own server when it is true. Prints the ports, and closes at
// SIGTERM; of development servers that does not end the process.
import dns from 'node:dns'
import { createServer } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import httpProxy from '@fastify/http-proxy'
import websocket from '@fastify/websocket'
import Fastify from 'fastify'
import fastifyNext from 'fastify-next'
import { Server as SocketIo } from 'socket.io'
import { WebSocketServer } from 'ws'

// `localhost` has both addresses on most machines, but not on all.
const { lookup } = dns
dns.lookup = (host, options, found) => {
  if (host !== 'localhost' || !options.all) return lookup(host, options, found)
  const addresses = [{ address: '127.0.0.1' }, { address: '::1' }]
  process.nextTick(found, null, addresses)
}

const echo = socket => socket.on('message', data => socket.send(String(data)))

function echoWithSocketIo(server, options) {
  const io = new SocketIo(server, { path: '/own', ...options })
  io.on('connection', socket => socket.on('message', data => socket.send(data)))
}

const upstream = createServer()
new WebSocketServer({ server: upstream }).on('connection', echo)
await new Promise(resolve => upstream.listen(0, '127.0.0.1', resolve))

/** What each does to have the upgrades of `/own`. */
const owners = {
  hook(fastify) {
    fastify.addHook('onRequest', async (request, reply) => {
      if (request.url.endsWith('/private')) return reply.code(401).send()
    })
  },
  async 'http-proxy'(fastify) {
    const options = { upstream: `http://127.0.0.1:${upstream.address().port}`, websocket: true }
    await fastify.register(httpProxy, { ...options, prefix: '/own' })
  },
  'socket.io'({ server }) {
    echoWithSocketIo(server, { destroyUpgradeTimeout: 100 })
  },
  'socket.io, silent'({ server }) {
    echoWithSocketIo(server, { destroyUpgrade: false })
  },
  async websocket(fastify) {
    await fastify.register(websocket)
    fastify.get('/own', { websocket: true }, echo)
    fastify.get('/own/*', { websocket: true }, echo)
    const page = (_request, reply) => reply.nextRender('/page')
    fastify.route({ method: 'GET', url: '/page', handler: page, wsHandler: echo })
    fastify.register(async scope => scope.get('/socket', { websocket: true }, echo), {
      prefix: '/scoped'
    })
  },
  async 'websocket in a scope'(fastify) {
    fastify.register(async scope => {
      await scope.register(websocket)
      scope.get('/own', { websocket: true }, echo)
    })
  },
  silent({ server }) {
    const sockets = new WebSocketServer({ noServer: true })
    server.on('upgrade', (request, socket, head) => {
      if (request.url === '/own') sockets.handleUpgrade(request, socket, head, echo)
    })
  },
  ws({ server }) {
    new WebSocketServer({ server, path: '/own' }).on('connection', echo)
  },
  'ws, late'({ server }) {
    const sockets = new WebSocketServer({ noServer: true })
    server.on('upgrade', async (request, socket, head) => {
      // It asks somebody who the client is.
      await delay(100)
      if (request.url === '/own') sockets.handleUpgrade(request, socket, head, echo)
      else socket.end('HTTP/1.1 410 Gone\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
    })
  }
}

async function serve({ options, owner, when, host = '127.0.0.1', server = {} }) {
  const fastify = Fastify({ logger: true, ...server })
  const begin = moment => moment === when && owners[owner]?.(fastify)
  await begin('before')
  const httpServer = options.httpServer && fastify.server
  await fastify.register(fastifyNext, { ...options, ...(httpServer && { httpServer }) })
  await begin('after')
  fastify.get('/plain', async () => 'plain')
  fastify.post('/plain', async ({ body }) => body)
  await fastify.ready()
  await begin('ready')
  await fastify.listen({ host, port: 0 })
  await begin('listen')
  return fastify
}

const setups = JSON.parse(process.argv[2])
const all = []
for (const setup of setups) all.push(await serve(setup))
process.once('SIGTERM', async () => {
  upstream.close()
  await Promise.all(all.map(fastify => fastify.close()))
  console.log('Closed')
  if (setups.some(({ options }) => options.dev)) process.exit()
})
console.log(`Listening on ${JSON.stringify(all.map(({ server }) => server.address().port))}`)
