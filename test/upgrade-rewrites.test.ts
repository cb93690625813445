import { type EventEmitter, once } from 'node:events'
import { cp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo, Server } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { WebSocketServer } from 'ws'
import { builtFixture, fixturePath } from './helpers/fixture.js'
import {
  answersOrdinary,
  echoOf,
  echoOfSocketIo,
  isRefused,
  open,
  refusal,
  type Setup,
  startOwners
} from './helpers/upgrades.js'
import { upgradeRequest } from './helpers/wire.js'

const dir = fixturePath('.sockets-rewritten')

async function listen(t: Test, server: Server): Promise<number> {
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  return (server.address() as AddressInfo).port
}

/** The server that the rewrites of the fixture lead to, and another that nothing may lead to. */
async function startTargets(t: Test) {
  const requests: IncomingMessage[] = []
  const target = createServer((_request, response) => response.writeHead(418).end())
  const sockets = new WebSocketServer({
    server: target,
    verifyClient: ({ req }: { req: IncomingMessage }) => req.url !== '/refused'
  })
  sockets.on('connection', (socket, request) => {
    requests.push(request)
    socket.on('message', data => socket.send(String(data)))
  })
  const heard: string[] = []
  const spy = createServer((request, response) => {
    heard.push(String(request.url))
    response.end()
  })
  spy.on('connection', () => heard.push('a connection'))
  const ports = { target: await listen(t, target), spy: await listen(t, spy) }
  return { ports, requests, heard }
}

/** A copy of the fixture and its build, with rewrites to this port. */
async function prepareApp(t: Test, port: number): Promise<NodeJS.ProcessEnv> {
  const built = await builtFixture('sockets')
  const remove = () => rm(dir, { force: true, recursive: true })
  await remove()
  t.teardown(remove)
  await cp(built, dir, { recursive: true, filter: path => !/\.next[\\/](dev|cache)/.test(path) })
  const manifest = join(dir, '.next', 'routes-manifest.json')
  const rules = await readFile(manifest, 'utf8')
  // One of the two leads to where nobody is.
  await writeFile(manifest, rules.replace('127.0.0.1:9/:path', `127.0.0.1:${port}/:path`))
  return { SOCKETS_ORIGIN: `http://127.0.0.1:${port}` }
}

/** Targets of requests with which clients have tried to choose a server. */
function targetsTo(host: string): string[] {
  return [
    `http://${host}/`,
    `ws://${host}/elsewhere/`,
    `http://${host}/elsewhere/a`,
    `//${host}/`,
    `/\\${host}/`,
    `\\\\${host}/`,
    `/http://${host}/`,
    `/http:/${host}/`,
    `/elsewhere//${host}/`,
    `/elsewhere/..//${host}/`,
    `/..//${host}/elsewhere/a`,
    `/%2f${host}/`,
    `/@${host}/`,
    `/.${host}/`,
    `/nowhere?url=http://${host}/`,
    `*`
  ]
}

async function checkNoChoice(t: Test, port: number, spy: number): Promise<void> {
  const host = `127.0.0.1:${spy}`
  for (const target of targetsTo(host)) {
    t.match(await refusal(port, target), /^HTTP\/1\.1 4\d\d /, target)
  }
  const headers = [`Host: ${host}`, `X-Forwarded-Host: ${host}`, `X-Middleware-Rewrite: //${host}/`]
  for (const header of [...headers, `X-Rewrite-Url: http://${host}/`]) {
    const lines = header.startsWith('Host') ? header : `${header}\r\nHost: localhost`
    const request = upgradeRequest('/nowhere').replace('Host: localhost', lines)
    isRefused(t, await refusal(port, '', { request }), 404, header)
  }
}

const setups: readonly Pick<Setup, 'owner' | 'when'>[] = [
  { owner: 'hook', when: 'before' },
  { owner: 'websocket', when: 'before' },
  { owner: 'websocket', when: 'after' }
]

for (const dev of [false, true]) {
  t.test(dev ? 'in development' : 'in production', async t => {
    const { ports, requests, heard } = await startTargets(t)
    const env = await prepareApp(t, ports.target)
    // Of one directory there is one development server.
    const all = (dev ? setups.slice(0, 1) : setups).map(setup => ({
      ...setup,
      options: { dir, dev, websocketRewrites: true }
    }))
    const server = await startOwners(t, all, env)

    for (const [index, { owner, when }] of all.entries()) {
      const port = Number(server.ports[index])
      await t.test(`beside ${owner}, ${when}`, async t => {
        const url = `ws://127.0.0.1:${port}`
        const headers = { Cookie: 'a=1', 'X-Forwarded-Host': 'example.com' }
        t.equal(await echoOf(t, `${url}/elsewhere/a?b=c`, { headers }), 'a word')
        t.match(requests.at(-1), {
          url: '/a?b=c',
          headers: { cookie: 'a=1', 'x-forwarded-host': `127.0.0.1:${port}` }
        })
        for (const path of ['/', '/nowhere', ...(owner === 'hook' ? ['/page'] : [])]) {
          isRefused(t, await refusal(port, path), 404, path)
        }
        isRefused(t, await refusal(port, '/nobody'), 502)
        isRefused(t, await refusal(port, '/elsewhere/refused'), 401)
        const post = upgradeRequest('/elsewhere/a')
          .replace('GET', 'POST')
          .replace('Upgrade', 'Upgrade, close')
        const answer = await refusal(port, '', { request: post })
        if (owner === 'hook') {
          t.match(answer, /^HTTP\/1\.1 418 /, 'the rewrite of a request that is for no WebSocket')
          await answersOrdinary(t, port)
        } else isRefused(t, answer, 404)
        if (owner === 'hook') isRefused(t, await refusal(port, '/elsewhere/private'), 401)
        await checkNoChoice(t, port, ports.spy)
        t.strictSame(heard, [])
      })
    }

    // An open WebSocket does not keep the server from closing, and its other end is closed.
    const { socket } = await open(t, `ws://127.0.0.1:${server.ports[0]}/elsewhere/b`)
    const ends = [socket, requests.at(-1)?.socket as EventEmitter]
    const closed = ends.map(end => once(end, 'close', { signal: AbortSignal.timeout(10_000) }))
    t.equal((await server.stop('SIGTERM')).code, 0)
    await Promise.all(closed)
  })
}

t.test('what none of the others takes is refused', async t => {
  const options = { dir: await builtFixture('sockets'), dev: false, websocketRewrites: true }
  const owners = ['silent', 'socket.io, silent']
  const setups = owners.map(owner => ({ options, owner, when: 'before' }) as const)
  const server = await startOwners(t, setups)
  for (const port of server.ports) {
    for (const path of ['/nowhere', '/page']) isRefused(t, await refusal(port, path), 404, path)
  }
  const [silent, socketIo] = server.ports as [number, number]
  t.equal(await echoOf(t, `ws://127.0.0.1:${silent}/own`), 'a word')
  t.equal(await echoOfSocketIo(t, socketIo), 'a word')
  await server.stop('SIGKILL')
})

t.test('without the option no rewrite passes a WebSocket on', async t => {
  const { ports, requests } = await startTargets(t)
  const env = await prepareApp(t, ports.target)
  const options = { dir, dev: false }
  const all = [{ options }, { options, owner: 'websocket', when: 'before' } as const]
  const server = await startOwners(t, all, env)
  const [alone, beside] = server.ports as [number, number]
  // Node takes it for an ordinary request.
  const request = upgradeRequest('/elsewhere/a').replace('Upgrade', 'Upgrade, close')
  t.match(await refusal(alone, '', { request }), /^HTTP\/1\.1 418 /)
  isRefused(t, await refusal(beside, '/elsewhere/a'), 404)
  t.strictSame(requests, [])
  await server.stop('SIGKILL')
})
