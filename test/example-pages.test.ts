import type { Page } from 'playwright-core'
import t from 'tap'
import { markDocument, noBrowser, openBrowser, openPage } from './helpers/browser.js'
import { until } from './helpers/connection.js'
import { type Line, linesIn } from './helpers/log.js'
import { buildExample, buildPlugin, repositoryPath, startServer } from './helpers/process.js'
import { shownRequest } from './helpers/shown-request.js'

const SCRIPT = repositoryPath('example', 'server.js')
const READY = /^Example ready on (http:\S+)$/m
const PHONE = { width: 390, height: 844 }
/** What Chromium itself says of a document with such a status. */
const notedStatus = (status: string) => [
  `console: Failed to load resource: the server responded with a status of ${status}`
]

await buildPlugin()
await buildExample()

t.test('in the browser', { skip: noBrowser }, async t => {
  const server = await startServer(t, SCRIPT, READY, { env: { PORT: '0' } })
  const browser = await openBrowser(t)

  await t.test('the picture is optimised for the screen', async t => {
    const { page, problems } = await openPage(browser, { viewport: PHONE })
    await page.goto(server.url)
    const picture = await page.getByRole('img', { name: 'A boat with two sails' }).elementHandle()
    const source = await picture?.evaluate(img => Reflect.get(img, 'currentSrc'))
    t.equal(new URL(String(source)).pathname, '/_next/image')
    const width = Number(await picture?.evaluate(img => Reflect.get(img, 'naturalWidth')))
    t.ok(width > 0 && width < 1000, `the picture of 1560 pixels came with ${width}`)
    t.strictSame(problems, [])
    await page.close()
  })

  await t.test('a page of the Pages Router hydrates, and is in the same process', async t => {
    const { page, problems } = await openPage(browser)
    const response = await page.goto(`${server.url}/process`)
    t.equal(response?.status(), 200)
    const next = await page.getByTestId('next').textContent()
    t.match(next, /^process \d+$/)
    t.equal(await page.getByTestId('fastify').textContent(), 'not asked yet')
    await hydration(page)
    await page.getByRole('button', { name: 'Ask Fastify' }).click()
    await page.getByTestId('fastify').getByText(String(next), { exact: true }).waitFor()
    await page.waitForLoadState('networkidle')
    t.strictSame(problems, [])
    await page.close()
  })

  await t.test('a page shows the boats of Fastify, and a link leads to one', async t => {
    const { page, problems } = await openPage(browser)
    await page.goto(`${server.url}/boats`)
    await hydration(page)
    const isMarked = await markDocument(page)
    await page.getByRole('link', { name: 'Hydra' }).click()
    await page.getByRole('heading', { name: 'Hydra' }).waitFor()
    // The metadata of a page streams in behind its heading.
    await page.waitForFunction("document.title === 'Hydra · fastify-next example'")
    t.ok(await isMarked(), 'the document was not loaded again')
    t.strictSame(problems, [])
    await page.close()
  })

  await t.test('a page asks a route of Fastify, without a connection', async t => {
    const { page, problems } = await openPage(browser)
    await page.goto(`${server.url}/boats/hydra`)
    t.ok(await page.getByText('Barbara, Edsger, Tony', { exact: true }).isVisible())
    const isInjected = ({ req }: Line) =>
      req?.url === '/api/boats/hydra/crew' && req.remotePort === undefined
    await until('its question in the log', () => linesIn(server.output()).some(isInjected))
    t.strictSame(problems, [])
    await page.close()
  })

  await t.test('a handler of Fastify answers with the not-found page', async t => {
    const { page, problems } = await openPage(browser)
    const response = await page.goto(`${server.url}/boats/flying-dutchman`)
    t.equal(response?.status(), 404)
    t.ok(await page.getByRole('heading', { name: 'Page not found' }).isVisible())
    t.strictSame(problems, notedStatus('404 (Not Found)'))
    await page.close()
  })

  await t.test('the error handler of Fastify answers with a page', async t => {
    const { page, problems } = await openPage(browser)
    const response = await page.goto(`${server.url}/boats/titanic`)
    t.equal(response?.status(), 500)
    await shownRequest(page, server, 'Iceberg')
    t.notMatch(await response?.text(), 'Iceberg')
    t.strictSame(problems, notedStatus('500 (Internal Server Error)'))
    await page.close()
  })

  await t.test('a link to a route that throws leads to that page too', async t => {
    const { page } = await openPage(browser)
    await page.goto(`${server.url}/boats`)
    await hydration(page)
    await page.getByRole('link', { name: 'The Titanic' }).click()
    await shownRequest(page, server, 'Iceberg')
    t.equal(new URL(page.url()).pathname, '/boats/titanic')
    await page.close()
  })

  await t.test('the error page of Next shows which request has failed', async t => {
    const { page } = await openPage(browser)
    const response = await page.goto(`${server.url}/boats/mary-celeste`)
    t.equal(response?.status(), 500)
    const ids = [await shownRequest(page, server, 'No crew')]
    t.match(server.output(), /"route":"\/boats\/\[id\]","routerKind":"App Router"/)
    t.notMatch(await response?.text(), 'No crew')
    const isMarked = await markDocument(page)
    for (let click = 1; click <= 2; click++) {
      await page.getByRole('navigation').getByRole('link', { name: 'Boats' }).click()
      await page.getByRole('link', { name: 'The Mary Celeste' }).click()
      ids.push(await shownRequest(page, server, 'No crew'))
    }
    t.equal(new Set(ids).size, 3, 'each time that of its own request')
    t.ok(await isMarked(), 'the document was not loaded again')
    await page.close()
  })

  await t.test('no page is wider than a phone, or has a problem', async t => {
    const paths = ['/', '/stream', '/guestbook', '/boats', '/boats/patience', '/process']
    const failing = ['/nowhere', '/boats/flying-dutchman', '/boats/titanic', '/boats/mary-celeste']
    const look = async (path: string) => {
      const { page, problems } = await openPage(browser, { viewport: PHONE })
      await page.goto(server.url + path, { waitUntil: 'networkidle' })
      t.equal(await scrollWidth(page), PHONE.width, path)
      if (!failing.includes(path)) t.strictSame(problems, [], path)
      await page.close()
    }
    await Promise.all([...paths, '/sign-in', ...failing].map(look))
  })
})

t.test('the API stays JSON when it fails', async t => {
  const { url } = await startServer(t, SCRIPT, READY, { env: { PORT: '0' } })
  const ask = async (path: string) => {
    const response = await fetch(url + path, { signal: AbortSignal.timeout(20_000) })
    return { status: response.status, body: await response.json() }
  }
  t.match(await ask('/api/boats/swift'), { status: 200, body: { name: 'Swift' } })
  t.strictSame(await ask('/api/boats/ark'), { status: 404, body: { error: 'No such boat' } })
  const hidden = { error: 'Something went wrong' }
  t.strictSame(await ask('/api/boats/titanic'), { status: 500, body: hidden })
})

/** Resolves when React has taken over the page: before that a click is lost, or loads a document. */
async function hydration(page: Page): Promise<void> {
  await page.waitForFunction(
    `Object.keys(document.querySelector('main')).some(key => key.startsWith('__reactProps$'))`
  )
}

function scrollWidth(page: Page): Promise<number> {
  return page.evaluate<number>('document.documentElement.scrollWidth')
}
