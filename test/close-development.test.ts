import { once } from 'node:events'
import t from 'tap'
import { startApp } from './helpers/app-process.js'
import { until } from './helpers/connection.js'
import { editable } from './helpers/editable.js'
import { open } from './helpers/upgrades.js'

/** A start and a first compile on a busy machine. */
const BOUND = 60_000
/** Far below the closeTimeout of 10 s, for which a close would wait that waits for Next. */
const CLOSED_MS = 5_000

for (const bundler of ['turbopack', 'webpack'] as const) {
  t.test(`close() ends what is Next's, and nothing else, with ${bundler}`, async t => {
    const { dir } = await editable(t)
    const options = { dir, [bundler]: true }
    const server = await startApp(t, options, 'closing-development.mjs')
    const request = (path: string) => {
      return fetch(server.url + path, { signal: AbortSignal.timeout(BOUND) })
    }
    const page = await request('/slow')
    t.equal(page.status, 200)
    const cut = t.rejects(page.text(), { message: 'terminated' }, 'a page that streams for ever')
    const late = request('/late')
    await until('the request', () => server.output().includes('Entered'))
    const own = await open(t, `${server.url}/socket`)
    t.equal(await own.first, 'open')
    const hotReload = await open(t, `${server.url}/_next/hmr?id=a-page`)
    await hotReload.first
    const closed = [own, hotReload].map(({ socket }) => once(socket, 'close'))

    t.strictSame(await server.stop('SIGTERM'), { code: 0, signal: null })
    const answer = await late
    t.equal(answer.status, 200, 'a request of Fastify is answered')
    t.equal(await answer.text(), 'late')
    const [[ownCode], [hotReloadCode]] = (await Promise.all(closed)) as [[number], [number]]
    t.equal(ownCode, 1005, 'a WebSocket of another owner is closed by it')
    t.equal(hotReloadCode, 1006)
    await cut
    const [, took] = /^Closed in (\d+) ms$/m.exec(server.output()) ?? []
    t.ok(Number(took) < CLOSED_MS, `it has taken ${took} ms`)
  })
}
