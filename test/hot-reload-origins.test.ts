import { lookup } from 'node:dns/promises'
import { networkInterfaces } from 'node:os'
import t, { type Test } from 'tap'
import { WebSocket } from 'ws'
import { countUp, markDocument, noBrowser, openBrowser, openPage } from './helpers/browser.js'
import {
  hasText,
  hotReloading,
  type Setup,
  SHOWN_MS,
  settled,
  startDevelopment
} from './helpers/development.js'
import { editable } from './helpers/editable.js'
import { event } from './helpers/event.js'
import { exchange } from './helpers/wire.js'

const OWN = { conf: { allowedDevOrigins: ['dev.example', '*.dev.example'] } }
const FOREIGN = ['http://evil.example', 'http://localhost.evil.example', 'null', 'http://[::2]']
const REFUSED = 'refused 403'
/** What a page of another site is not to have. */
const RESOURCES = [
  '/_next/static/chunks/x.js',
  '/__nextjs_original-stack-frames',
  '/__nextjs_source-map',
  '/__nextjs_font/geist-latin.woff2'
] as const

const addresses = Object.values(networkInterfaces()).flatMap(list => list ?? [])
const others = addresses.filter(({ internal, family }) => !internal && family === 'IPv4')
const LOCALHOST = (await lookup('localhost', { all: true })).map(({ address, family }) =>
  family === 6 ? `[${address}]` : address
)
const hasIpv6 = addresses.some(({ address }) => address === '::1')

/** The answer to a socket of hot reloading that a page of `origin` opens, with any other header. */
async function opened(
  port: number,
  origin: string,
  headers = {},
  host = '127.0.0.1'
): Promise<string> {
  const { happened, happen } = event<string>('an answer to the upgrade', SHOWN_MS)
  const socket = new WebSocket(`ws://${host}:${port}/_next/hmr?id=x`, { headers, origin })
  socket.on('open', () => happen('open'))
  socket.on('unexpected-response', (_request, { statusCode }) => happen(`refused ${statusCode}`))
  socket.on('error', ({ message }) => happen(message))
  const answer = await happened
  socket.terminate()
  return answer
}

/** Not with `fetch()`, which writes `Sec-Fetch-Mode` itself. */
async function statusOf(port: number, path: string, headers: string[]): Promise<number> {
  const head = [`GET ${path} HTTP/1.1`, 'Host: 127.0.0.1', 'Connection: close', ...headers]
  const answer = await exchange(port, `${head.join('\r\n')}\r\n\r\n`, SHOWN_MS)
  return Number(answer.split(' ', 2)[1])
}

async function start(t: Test, host: string, plugin = {}, options: Setup['listen'] = {}) {
  const { dir, edit } = await editable(t)
  const listen = { host, ...options }
  return { ...(await startDevelopment(t, { plugin: { dir, ...plugin }, listen })), edit }
}

t.test('pages of other origins have nothing of the development server', async t => {
  const { port, close } = await start(t, '127.0.0.1', OWN)
  for (const origin of FOREIGN) {
    t.equal(await opened(port, origin), REFUSED, `${origin} has no hot reloading`)
    // Whatever the client says of itself.
    const forged = { host: 'evil.example', 'x-forwarded-host': 'evil.example' }
    const answer = await opened(port, origin, forged)
    t.equal(answer, REFUSED, `${origin} has not with forged headers`)
    for (const path of RESOURCES) {
      t.equal(
        await statusOf(port, path, [`Origin: ${origin}`]),
        403,
        `${path} is refused to ${origin}`
      )
    }
  }
  for (const path of RESOURCES) {
    const headers = ['Sec-Fetch-Mode: no-cors', 'Sec-Fetch-Site: cross-site']
    t.equal(await statusOf(port, path, headers), 403, `${path} is no script of another site`)
  }
  // It leads here, but is not what Fastify listens on.
  for (const { address } of others) t.equal(await opened(port, `http://${address}`), REFUSED)
  t.equal(await opened(port, 'http://[::1]'), REFUSED)

  for (const host of ['127.0.0.1', 'localhost', 'dev.example', 'a.dev.example']) {
    // Next does not look at the port.
    t.equal(await opened(port, `http://${host}:1`), 'open', `${host} has hot reloading`)
    t.not(await statusOf(port, RESOURCES[0], [`Origin: http://${host}`]), 403)
  }
  t.match(await close(), { code: 0 })
})

t.test('on all addresses those of the family are allowed', { skip: !others.length }, async t => {
  const { port, close } = await start(t, '0.0.0.0')
  for (const { address } of [...others, { address: '127.0.0.1' }, { address: '0.0.0.0' }]) {
    t.equal(await opened(port, `http://${address}:${port}`), 'open', address)
  }
  t.equal(await opened(port, 'http://[::1]'), REFUSED)
  t.equal(await opened(port, 'http://evil.example'), REFUSED)
  t.match(await close(), { code: 0 })
})

t.test('on all of IPv6 alone no address of IPv4 is', { skip: !hasIpv6 }, async t => {
  const { port, close } = await start(t, '::', {}, { ipv6Only: true })
  for (const address of ['[::1]', '[::]']) {
    t.equal(await opened(port, `http://${address}:${port}`, {}, '[::1]'), 'open', address)
  }
  for (const address of ['127.0.0.1', '0.0.0.0', ...others.map(({ address }) => address)]) {
    t.equal(await opened(port, `http://${address}:${port}`, {}, '[::1]'), REFUSED, address)
  }
  t.match(await close(), { code: 0 })
})

t.test('what its server is told to listen on past Fastify', { skip: !hasIpv6 }, async t => {
  const { port, close } = await start(t, '::1', {}, { isPastFastify: true })
  t.equal(await opened(port, `http://[::1]:${port}`, {}, '[::1]'), 'open')
  t.equal(await opened(port, 'http://127.0.0.1', {}, '[::1]'), REFUSED)
  t.match(await close(), { code: 0, listeners: 0 })
})

t.test('in the browser', { skip: noBrowser, timeout: 110_000 }, async t => {
  const browser = await openBrowser(t)
  for (const [host, opens] of [
    ['127.0.0.1', ['127.0.0.1', 'localhost']],
    ['localhost', ['localhost', ...LOCALHOST]],
    ['0.0.0.0', ['127.0.0.1', 'localhost']],
    ...(hasIpv6 ? ([['::', ['127.0.0.1', 'localhost', '[::1]']]] as const) : [])
  ] as const) {
    await t.test(`listening on ${host} a page hydrates at all of its addresses`, async t => {
      const { port, edit, close } = await start(t, host)
      let [from, to] = ['Client one', 'Client']
      for (const name of opens) {
        const { page, problems } = await openPage(browser, { timeout: SHOWN_MS })
        const hotReload = hotReloading(page)
        await page.goto(`http://${name}:${port}`)
        await countUp(page, 2)
        t.notOk((await hotReload).isClosed(), name)
        const isMarked = await markDocument(page)
        await settled(page)
        to = `Client at ${name}`
        await edit('app/client.jsx', from, to)
        await page.waitForFunction(hasText('h2', to))
        from = to
        t.ok(await isMarked(), 'the document was not loaded again')
        t.strictSame(problems, [])
        await page.close()
      }
      t.match(await close(), { code: 0 })
    })
  }
})
