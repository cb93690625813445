import { once } from 'node:events'
import { createServer } from 'node:net'
import type { Page, WebSocket } from 'playwright-core'
import t from 'tap'
import {
  countUp,
  markDocument,
  noBrowser,
  noteArrivals,
  openBrowser,
  openPage
} from './helpers/browser.js'
import { event } from './helpers/event.js'
import { buildPlugin, repositoryPath, startServer } from './helpers/process.js'
import { shownRequest } from './helpers/shown-request.js'

const SCRIPT = repositoryPath('example', 'server.js')
const READY = /^Example ready on (http:\S+)$/m
/** The first request of each page compiles it. */
const COMPILE_TIMEOUT_MS = 40_000

await buildPlugin()

t.test('in the browser', { skip: noBrowser, timeout: 110_000 }, async t => {
  const start = (port: string) =>
    startServer(t, SCRIPT, READY, { args: ['--dev'], env: { PORT: port } })
  const browser = await openBrowser(t)
  const server = await start('0')
  const { port } = new URL(server.url)
  const { page, problems } = await openPage(browser, { timeout: COMPILE_TIMEOUT_MS })
  const arrivals = await noteArrivals(page)

  await t.test('the home page hydrates and is connected for hot reloading', async t => {
    const hotReload = hotReloading(page)
    await page.goto(server.url)
    await countUp(page, 2)
    t.notOk((await hotReload).isClosed())
    t.strictSame(problems, [])
  })

  await t.test('a link changes the page, and a slow part follows it', async t => {
    const isMarked = await markDocument(page)
    await page.getByRole('navigation').getByRole('link', { name: 'Streaming' }).click()
    await page.getByTestId('slow-part').waitFor()
    const [first, second] = (await arrivals()).slice(-2)
    t.match([first, second], [{ id: 'skeleton' }, { id: 'slow-part' }])
    t.ok(Number(second?.at) - Number(first?.at) > 500, 'the skeleton did not wait for it')
    t.ok(await isMarked(), 'the document was not loaded again')
    t.strictSame(problems, [])
  })

  await t.test('a slow part follows the document that it is in', async t => {
    await page.reload({ waitUntil: 'commit' })
    await page.getByTestId('slow-part').waitFor()
    const [first, second, ...more] = await arrivals()
    t.match([first, second, more], [{ id: 'skeleton' }, { id: 'slow-part' }, []])
    t.ok(Number(second?.at) - Number(first?.at) > 500, 'the skeleton did not wait for it')
    t.strictSame(problems, [])
  })

  await t.test('the guestbook shows what was written into it', async t => {
    await page.getByRole('navigation').getByRole('link', { name: 'Guestbook' }).click()
    await page.getByLabel('Name').fill('Ada')
    await page.getByLabel('Message').fill('Written in development')
    await page.getByRole('button', { name: 'Sign' }).click()
    await page.getByRole('listitem').filter({ hasText: 'Written in development' }).waitFor()
    const entries = await fetch(`${server.url}/api/guestbook`)
    t.match(await entries.json(), [{ name: 'Ada', message: 'Written in development' }])
    t.strictSame(problems, [])
  })

  await t.test('who signs in is on the page that Fastify has rendered', async t => {
    await page.getByRole('navigation').getByRole('link', { name: 'Account' }).click()
    await page.getByRole('heading', { name: 'Sign in' }).waitFor()
    await page.getByLabel('Name').fill('Ada')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByRole('heading', { name: 'Hello, Ada' }).waitFor()
    t.equal(page.url(), `${server.url}/account`)
    await page.getByRole('navigation').getByRole('link', { name: 'Guestbook' }).click()
    await page.getByText('You sign as Ada').waitFor()
    await page.getByLabel('Message').fill('With the name of the session')
    await page.getByRole('button', { name: 'Sign', exact: true }).click()
    await page.getByText('Thank you, Ada.').waitFor()
    t.strictSame(problems.filter(notGivenUp), [])
  })

  await t.test('a page asks a route of Fastify', async t => {
    await page.getByRole('navigation').getByRole('link', { name: 'Boats' }).click()
    await page.getByRole('link', { name: 'Hydra' }).click()
    await page.getByText('Barbara, Edsger, Tony', { exact: true }).waitFor()
    t.strictSame(problems.filter(notGivenUp), [])
  })

  await t.test('a page of the Pages Router is in the same process', async t => {
    await page.getByRole('navigation').getByRole('link', { name: 'Process' }).click()
    await page.waitForURL('**/process')
    const pid = String(await page.getByTestId('next').textContent())
    await hydration(page)
    await page.getByRole('button', { name: 'Ask Fastify' }).click()
    await page.getByTestId('fastify').getByText(pid, { exact: true }).waitFor()
    t.strictSame(problems.filter(notGivenUp), [])
  })

  await t.test('a handler answers with the pages for what is not there and what fails', async t => {
    const { page } = await openPage(browser, { timeout: COMPILE_TIMEOUT_MS })
    const missing = await page.goto(`${server.url}/boats/flying-dutchman`)
    t.equal(missing?.status(), 404)
    t.ok(await page.getByRole('heading', { name: 'Page not found' }).isVisible())
    const failed = await page.goto(`${server.url}/boats/titanic`)
    t.equal(failed?.status(), 500)
    await shownRequest(page, server, 'Iceberg')
    await page.close()
  })

  await t.test('the error page of Next shows which request has failed', async t => {
    const { page } = await openPage(browser, { timeout: COMPILE_TIMEOUT_MS })
    const response = await page.goto(`${server.url}/boats/mary-celeste`)
    t.equal(response?.status(), 500)
    const loaded = await shownRequest(page, server, 'No crew')
    await page.getByRole('navigation').getByRole('link', { name: 'Boats' }).click()
    await page.getByRole('link', { name: 'The Mary Celeste' }).click()
    t.not(await shownRequest(page, server, 'No crew'), loaded)
    await page.close()
  })

  await t.test('the other name of the host is as good', async t => {
    const { page, problems } = await openPage(browser, { timeout: COMPILE_TIMEOUT_MS })
    const hotReload = hotReloading(page)
    await page.goto(`http://127.0.0.1:${port}`)
    await countUp(page, 2)
    t.notOk((await hotReload).isClosed())
    t.notMatch(server.output(), /blocked cross-origin/i)
    t.strictSame(problems, [])
    await page.close()
  })

  await t.test('SIGTERM ends the process while a page is open', async t => {
    t.strictSame(await server.stop('SIGTERM'), { code: 0, signal: null })
  })

  await t.test('its port and its directory can be used again at once', async t => {
    await assertFree(Number(port))
    const again = await start(port)
    t.equal(again.url, server.url)
    const response = await fetch(again.url, { signal: AbortSignal.timeout(COMPILE_TIMEOUT_MS) })
    t.equal(response.status, 200)
    t.match(await response.text(), 'Next.js inside Fastify')
    t.strictSame(await again.stop('SIGTERM'), { code: 0, signal: null })
  })
})

/** Resolves when React has taken over the page: before that a click is lost. */
async function hydration(page: Page): Promise<void> {
  await page.waitForFunction(
    `Object.keys(document.querySelector('main')).some(key => key.startsWith('__reactProps$'))`
  )
}

/** A document gives up what it still loads when a form or a link leaves it. */
function notGivenUp(problem: string): boolean {
  return !problem.endsWith(' net::ERR_ABORTED')
}

/** The socket for hot reloading that a page opens, once it has brought something. */
function hotReloading(page: Page): Promise<WebSocket> {
  const brought = event<WebSocket>('a message for hot reloading', COMPILE_TIMEOUT_MS)
  page.on('websocket', socket => {
    if (new URL(socket.url()).pathname !== '/_next/hmr') return
    socket.once('framereceived', () => brought.happen(socket))
  })
  return brought.happened
}

async function assertFree(port: number): Promise<void> {
  const server = createServer().listen(port, 'localhost')
  await once(server, 'listening')
  server.close()
  await once(server, 'close')
}
