import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { connect as connectSecurely } from 'node:tls'
import { io } from 'socket.io-client'
import type { Test } from 'tap'
import { type ClientOptions, WebSocket } from 'ws'
import { certificate } from './certificate.js'
import { buildPlugin, repositoryPath, startServer } from './process.js'
import { h2cRequest, upgradeRequest } from './wire.js'

const BOUND_MS = 30_000

/** A server of test/processes/upgrade-owners.mjs. */
export interface Setup {
  options: object
  owner?: string
  when?: 'before' | 'after' | 'ready' | 'listen'
  host?: string
  server?: object
}

/** Serves each setup, all in one process. */
export async function startOwners(t: Test, setups: readonly Setup[], env?: NodeJS.ProcessEnv) {
  await buildPlugin()
  const script = repositoryPath('test', 'processes', 'upgrade-owners.mjs')
  const args = [JSON.stringify(setups)]
  const server = await startServer(t, script, /^Listening on (\S+)/m, {
    args,
    bound: 60_000,
    ...(env && { env })
  })
  return { ...server, ports: JSON.parse(server.url) as number[] }
}

/** All that is said to an upgrade until the server closes the connection; it never ends its half. */
export async function refusal(
  port: number,
  target: string,
  { host = '127.0.0.1', request = upgradeRequest(target), isSecure = false } = {}
): Promise<string> {
  const options = { port, host, allowHalfOpen: true }
  const socket = isSecure
    ? connectSecurely({ ...options, ca: certificate().cert })
    : connect(options)
  socket.setTimeout(BOUND_MS, () => socket.destroy(new Error(`No answer to ${target}`)))
  const chunks: Buffer[] = []
  socket.on('data', chunk => chunks.push(chunk))
  socket.write(request)
  await once(socket, 'end')
  socket.destroy()
  return Buffer.concat(chunks).toString('latin1')
}

/** Checks that an upgrade has been answered with a status, once, by a server that says it closes. */
export function isRefused(t: Test, answer: string, status: number, message = 'refused'): void {
  const [head = '', ...bodies] = answer.split('\r\n\r\n')
  t.match(head, new RegExp(`^HTTP/1\\.1 ${status} `), message)
  t.match(head, /^connection: close$/im, message)
  const length = Number(/^content-length: (\d+)$/im.exec(head)?.[1])
  t.equal(bodies.join('').length, length, message)
}

/** Checks that a route of Fastify and a page answer an upgrade to something else as if it were none. */
export async function answersOrdinary(
  t: Test,
  port: number,
  { host = '127.0.0.1', isSecure = false } = {}
): Promise<void> {
  const body = 'a body'
  for (const [request, text] of [
    [h2cRequest('/plain'), 'plain'],
    [h2cRequest('/plain', body), body],
    [h2cRequest('/page'), 'A page'],
    [h2cRequest('/plain', body).replace('h2c', 'websocket'), body]
  ] as const) {
    const answer = await refusal(port, '', { request, host, isSecure })
    const message = request.slice(0, request.indexOf('HTTP2'))
    t.match(answer, /^HTTP\/1\.1 200 /, message)
    t.match(answer.slice(answer.indexOf('\r\n\r\n')), text, message)
  }
}

/** A WebSocket that is open, with its first message, if one comes by itself. */
export async function open(
  t: Test,
  url: string,
  options: ClientOptions = {}
): Promise<{ socket: WebSocket; first: Promise<string> }> {
  const socket = new WebSocket(url, { handshakeTimeout: BOUND_MS, ...options })
  t.teardown(() => socket.terminate())
  const first = once(socket, 'message', { signal: AbortSignal.timeout(BOUND_MS) }).then(([data]) =>
    String(data)
  )
  first.catch(() => {})
  await once(socket, 'open')
  return { socket, first }
}

/** What comes back of a word. */
export async function echoOf(t: Test, url: string, options?: ClientOptions): Promise<string> {
  const { socket, first } = await open(t, url, options)
  socket.send('a word')
  return first
}

/** The same of socket.io at `/own`, over a WebSocket alone. */
export async function echoOfSocketIo(t: Test, port: number): Promise<string> {
  const client = io(`http://127.0.0.1:${port}`, {
    path: '/own',
    transports: ['websocket'],
    forceNew: true,
    reconnection: false
  })
  t.teardown(() => client.close())
  return new Promise((resolve, reject) => {
    client.on('connect', () => client.send('a word'))
    client.on('message', resolve)
    client.on('connect_error', reject)
  })
}

/** Serves the development server of a fixture, with somebody who owns upgrades beside it. */
export async function startDevelopment(t: Test, dir: string, setup: Partial<Setup> = {}) {
  await rm(join(dir, '.next', 'dev'), { force: true, recursive: true })
  const { options, ...rest } = setup
  const server = await startOwners(t, [{ ...rest, options: { dir, dev: true, ...options } }])
  const port = Number(server.ports[0])
  return { server, port, url: `ws://127.0.0.1:${port}` }
}

/** The first message of a socket of hot reloading. */
export async function connected(t: Test, url: string, options?: ClientOptions): Promise<unknown> {
  const { socket, first } = await open(t, `${url}?id=a-page`, options)
  const message = JSON.parse(await first)
  socket.terminate()
  return message
}
