import { rm } from 'node:fs/promises'
import { connect } from 'node:net'
import t from 'tap'
import { startApp } from './helpers/app-process.js'
import { builtFixture, fixturePath } from './helpers/fixture.js'
import { upgradeRequest } from './helpers/wire.js'

/** A first compile on a busy machine. */
const COMPILE_MS = 60_000

function get(url: string) {
  return fetch(url, { signal: AbortSignal.timeout(COMPILE_MS) })
}

t.test('the server listens at once, and requests wait for Next', async t => {
  await rm(fixturePath('plain', '.next', 'dev'), { force: true, recursive: true })
  const server = await startApp(t, { dir: fixturePath('plain'), dev: true })
  // A socket of hot reloading that is reset before there is anybody to take it.
  const socket = connect(Number(new URL(server.url).port), '127.0.0.1')
  socket.write(upgradeRequest('/_next/hmr?id=x'), () => socket.resetAndDestroy())
  const [page, own] = await Promise.all([get(server.url), get(`${server.url}/own`)])
  t.match(await page.text(), 'Plain')
  t.equal(page.headers.get('x-powered-by'), 'Next.js')
  t.strictSame(await own.json(), { own: true })
  t.equal((await get(`${server.url}/nowhere`)).status, 404)
})

t.test('a start that fails is logged, and answers with 503', async t => {
  const server = await startApp(t, { dir: fixturePath('broken-start'), dev: true })
  for (let request = 1; request <= 2; request++) {
    const response = await get(server.url)
    t.equal(response.status, 503)
    t.match(await response.json(), { code: 'FST_NEXT_PREPARE_FAILED' })
  }
  t.equal((await get(`${server.url}/own`)).status, 200)
  const logged = server
    .output()
    .split('\n')
    .filter(line => line.startsWith('{') && line.includes('FST_NEXT_PREPARE_FAILED'))
  t.match(JSON.parse(String(logged[0])), {
    level: 50,
    err: { message: /The redirects are broken/ }
  })
  t.equal((await server.stop('SIGTERM')).code, 0)
})

t.test('conf is what the development server runs with', async t => {
  const conf = { basePath: '/base', poweredByHeader: false }
  const server = await startApp(t, { dir: fixturePath('plain'), dev: true, conf })
  const page = await get(`${server.url}/base`)
  const html = await page.text()
  t.match(html, 'Plain')
  t.equal(page.headers.get('x-powered-by'), null)
  const [script] = html.match(/\/base\/_next\/[^"]+\.js[^"]*/) ?? []
  t.equal((await get(server.url + script)).status, 200)
  t.equal((await get(server.url)).status, 404)
})

for (const bundler of ['webpack', 'turbopack', 'turbo'] as const) {
  t.test(bundler, async t => {
    const server = await startApp(t, { dir: fixturePath('plain'), dev: true, [bundler]: true })
    const html = await (await get(server.url)).text()
    t.match(html, 'Plain')
    t.equal(/chunks\/webpack\.js/.test(html), bundler === 'webpack')
  })
}

t.test('quiet hides the errors of pages, in production', async t => {
  const dir = await builtFixture('app')
  for (const quiet of [false, true]) {
    const server = await startApp(t, { dir, dev: false, quiet })
    t.equal((await get(`${server.url}/throws`)).status, 500)
    await server.stop('SIGTERM')
    t.equal(server.output().includes('secret of the page'), !quiet)
  }
})
