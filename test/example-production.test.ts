import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import t from 'tap'
import {
  countUp,
  markDocument,
  noBrowser,
  noteArrivals,
  openBrowser,
  openPage
} from './helpers/browser.js'
import { buildExample, buildPlugin, repositoryPath, startServer } from './helpers/process.js'

const SCRIPT = repositoryPath('example', 'server.js')
const READY = /^Example ready on (http:\S+)$/m

await buildPlugin()
await buildExample()

t.test('in the browser', { skip: noBrowser }, async t => {
  const server = await startServer(t, SCRIPT, READY, { env: { PORT: '0' } })
  const browser = await openBrowser(t)

  await t.test('the home page hydrates without a problem', async t => {
    const { page, problems } = await openPage(browser)
    const response = await page.goto(server.url)
    t.equal(response?.status(), 200)
    t.equal(response?.headers()['x-nextjs-cache'], 'HIT', 'it is prerendered')
    await countUp(page, 2)
    await page.waitForLoadState('networkidle')
    t.strictSame(problems, [])
    await page.close()
  })

  await t.test('a link changes the page and keeps the document', async t => {
    const { page, problems } = await openPage(browser)
    await page.goto(server.url)
    await countUp(page, 1)
    const isMarked = await markDocument(page)

    await page.getByRole('navigation').getByRole('link', { name: 'Guestbook' }).click()
    await page.getByRole('heading', { name: 'Guestbook', level: 1 }).waitFor()
    t.equal(new URL(page.url()).pathname, '/guestbook')
    await page.goBack()
    await page.getByRole('heading', { name: 'Next.js inside Fastify' }).waitFor()
    t.ok(await isMarked(), 'the document was not loaded again')
    t.strictSame(problems, [])
    await page.close()
  })

  await t.test('a slow part follows the page that it is in', async t => {
    const { page, problems } = await openPage(browser)
    const arrivals = await noteArrivals(page)
    await page.goto(`${server.url}/stream`, { waitUntil: 'commit' })
    await page.getByTestId('slow-part').waitFor()
    t.equal(await page.getByTestId('skeleton').count(), 0, 'in the place of the skeleton')

    const [first, second, ...more] = await arrivals()
    t.match([first, second, more], [{ id: 'skeleton' }, { id: 'slow-part' }, []])
    t.ok(Number(second?.at) - Number(first?.at) > 500, 'the skeleton did not wait for it')
    t.strictSame(problems, [])
    await page.close()
  })

  await t.test('a slow part follows after a click on a link too', async t => {
    const { page, problems } = await openPage(browser)
    const arrivals = await noteArrivals(page)
    await page.goto(server.url)
    await countUp(page, 1)
    const isMarked = await markDocument(page)
    await page.getByRole('navigation').getByRole('link', { name: 'Streaming' }).click()
    await page.getByTestId('slow-part').waitFor()

    const [first, second] = (await arrivals()).slice(-2)
    t.match([first, second], [{ id: 'skeleton' }, { id: 'slow-part' }])
    t.ok(Number(second?.at) - Number(first?.at) > 500, 'the skeleton did not wait for it')
    t.ok(await isMarked(), 'the document was not loaded again')
    t.strictSame(problems, [])
    await page.close()
  })

  await t.test('the guestbook shows what was written into it', async t => {
    const { page, problems } = await openPage(browser)
    await page.goto(`${server.url}/guestbook`)
    const isMarked = await markDocument(page)
    await page.getByLabel('Name').fill('Ada')
    await page.getByLabel('Message').fill('Written with JavaScript')
    await page.getByRole('button', { name: 'Sign' }).click()
    await page.getByText('Thank you, Ada.').waitFor()
    await page.getByRole('listitem').filter({ hasText: 'Written with JavaScript' }).waitFor()
    t.equal(await page.getByLabel('Message').inputValue(), '', 'the form is empty again')
    t.ok(await isMarked(), 'the document was not loaded again')
    t.strictSame(problems, [])
    await page.close()
  })

  await t.test('the guestbook works without JavaScript', async t => {
    const { page } = await openPage(browser, { javaScriptEnabled: false })
    await page.goto(`${server.url}/guestbook`)
    await page.getByLabel('Name').fill('Grace')
    await page.getByLabel('Message').fill('Written without JavaScript')
    await page.getByRole('button', { name: 'Sign' }).click()
    await page.getByRole('listitem').filter({ hasText: 'Written without JavaScript' }).waitFor()
    t.ok(await page.getByText('Thank you, Grace.').isVisible())
    await page.close()
  })

  await t.test('the guestbook is in the hands of Fastify', async t => {
    const response = await fetch(`${server.url}/api/guestbook`)
    t.match(await response.json(), [
      { id: 2, name: 'Grace', message: 'Written without JavaScript' },
      { id: 1, name: 'Ada', message: 'Written with JavaScript' }
    ])
  })

  await t.test('a click asks a route of Fastify and a route handler of Next', async t => {
    const { page, problems } = await openPage(browser)
    await page.goto(server.url)
    await countUp(page, 1)
    await page.getByRole('button', { name: 'Ask both' }).click()
    await page.getByText('servedBy').nth(1).waitFor()
    const answer = async (path: string) =>
      JSON.parse((await page.getByTestId(path).textContent()) ?? '')
    t.match(await answer('/api/time'), { servedBy: 'fastify', now: /^\d{4}-\d\d-\d\dT/ })
    t.strictSame(await answer('/api/hello'), { message: 'Hello', servedBy: 'next' })
    t.strictSame(problems, [])
    await page.close()
  })

  await t.test('an unknown path gets the not-found page of the app', async t => {
    const { page } = await openPage(browser)
    const response = await page.goto(`${server.url}/nowhere`)
    t.equal(response?.status(), 404)
    t.ok(await page.getByRole('heading', { name: 'Page not found' }).isVisible())
    await page.close()
  })

  await t.test('SIGTERM ends the process while a page is open', async t => {
    const { page } = await openPage(browser)
    await page.goto(server.url)
    await countUp(page, 1)
    t.strictSame(await server.stop('SIGTERM'), { code: 0, signal: null })
  })
})

t.test('a route handler of Next gets a body', async t => {
  const { url } = await startServer(t, SCRIPT, READY, { env: { PORT: '0' } })
  const post = (body: string) =>
    fetch(`${url}/api/hello`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      signal: AbortSignal.timeout(20_000),
      body
    })
  const echo = await post('{"text":"grüß dich"}')
  t.strictSame(await echo.json(), { received: { text: 'grüß dich' }, servedBy: 'next' })
  t.equal((await post('{"text"')).status, 400)
})

t.test('a port that is taken is an error of the process', async t => {
  const { url } = await startServer(t, SCRIPT, READY, { env: { PORT: '0' } })
  const env = { PORT: new URL(url).port }
  await t.rejects(startServer(t, SCRIPT, READY, { env }), /has ended with 1 .+EADDRINUSE/s)
})

t.test('SIGTERM lets an answer end, and then the process', async t => {
  const server = await startServer(t, SCRIPT, READY, { env: { PORT: '0' } })
  const signal = AbortSignal.timeout(20_000)
  const request = get(`${server.url}/stream`, { signal })
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  let html = ''
  response.setEncoding('utf8').on('data', text => {
    html += text
  })
  await once(response, 'data')
  const stopped = server.stop('SIGTERM')
  t.notMatch(html, 'data-testid="slow-part"')
  await once(response, 'end')
  t.match(html, 'data-testid="slow-part"')
  t.strictSame(await stopped, { code: 0, signal: null })
})
