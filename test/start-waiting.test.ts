import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import t from 'tap'
import type { FastifyNextOptions } from '../src/index.js'
import { startApp } from './helpers/app-process.js'
import { until } from './helpers/connection.js'
import { editable } from './helpers/editable.js'
import { upgradeRequest } from './helpers/wire.js'

/** A start and a first compile on a busy machine. */
const BOUND = 60_000
const WAITING = 'Requests wait for Next.js to start'

function get(url: string): Promise<Response> {
  return fetch(url, { signal: AbortSignal.timeout(BOUND) })
}

/** A socket of hot reloading, and all that comes back. */
function hotReloading(url: string) {
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  socket.on('error', () => {})
  socket.write(upgradeRequest('/_next/hmr?id=x'))
  let received = ''
  socket.setEncoding('latin1').on('data', chunk => {
    received += chunk
  })
  return { socket, received: () => received }
}

for (const bundler of ['turbopack', 'webpack'] as const) {
  t.test(`requests and sockets wait for Next, with ${bundler}`, async t => {
    const { dir } = await editable(t, 'held')
    const options: FastifyNextOptions = { dir, dev: true, [bundler]: true }
    // It listens, though Next can't start yet, and `pluginTimeout` is over before it may.
    const server = await startApp(t, options, 'held-start.mjs')
    const { socket, received } = hotReloading(server.url)
    t.teardown(() => socket.destroy())
    const pages = [get(server.url), get(`${server.url}/?again`)]
    await until('the message', () => server.output().includes(WAITING))
    t.equal(received(), '')

    t.equal((await get(`${server.url}/own/open`)).status, 200, 'what is Fastify’s does not wait')
    for (const page of await Promise.all(pages)) t.equal(page.status, 200)
    await until('the socket', () => received().startsWith('HTTP/1.1 101 '), BOUND)
    t.equal(server.output().split(WAITING).length, 2, 'it is said once')
  })

  t.test(`close() does not wait for a start that hangs, with ${bundler}`, async t => {
    const { dir } = await editable(t, 'held')
    const options: FastifyNextOptions = { dir, dev: true, closeTimeout: 2 * BOUND, [bundler]: true }
    const server = await startApp(t, options, 'held-start.mjs')
    const { socket } = hotReloading(server.url)
    const page = get(server.url)
    await until('the request', () => server.output().includes('"url":"/"'))
    // With Turbopack the process goes on, until it is killed.
    server.stop('SIGTERM', BOUND).catch(() => {})
    const refused = await page
    t.equal(refused.status, 503)
    t.match(await refused.json(), { code: 'FST_NEXT_PREPARE_ABANDONED' })
    await text(socket).catch(() => {})
    await until('the end of close()', () => server.output().includes('Closed'), 15_000)
    const errors = server.output().match(/^\{"level":50,.*$/gm) ?? []
    t.strictSame(
      errors.filter(line => !line.includes('"reqId"')),
      [],
      'nothing has failed but the request'
    )

    // Whether or not the other process has ended.
    const next = await startApp(t, options, 'held-start.mjs')
    t.equal((await get(`${next.url}/own/open`)).status, 200)
    t.equal((await get(next.url)).status, 200)
  })
}
