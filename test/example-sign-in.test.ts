import type { Page } from 'playwright-core'
import t from 'tap'
import { countUp, markDocument, noBrowser, openBrowser, openPage } from './helpers/browser.js'
import { buildExample, buildPlugin, repositoryPath, startServer } from './helpers/process.js'

const SCRIPT = repositoryPath('example', 'server.js')
const READY = /^Example ready on (http:\S+)$/m
const PHONE = { width: 390, height: 844 }

await buildPlugin()
await buildExample()

t.test('in the browser', { skip: noBrowser }, async t => {
  const { url } = await startServer(t, SCRIPT, READY, { env: { PORT: '0' } })
  const browser = await openBrowser(t)

  await t.test('from signing in to signing out', async t => {
    const { page, problems } = await openPage(browser)
    await page.goto(`${url}/account`)
    t.equal(page.url(), `${url}/sign-in`, 'nobody has signed in')
    await signIn(page, '<b>Ada</b>')
    t.equal(page.url(), `${url}/account`)
    t.ok(await page.getByRole('heading', { name: 'Hello, <b>Ada</b>', exact: true }).isVisible())
    await page.reload()
    t.ok(await page.getByRole('heading', { name: 'Hello, <b>Ada</b>', exact: true }).isVisible())

    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByRole('heading', { name: 'Sign in' }).waitFor()
    await page.goBack()
    t.equal(page.url(), `${url}/sign-in`, 'the account is gone from the history too')
    t.strictSame(problems.filter(notGivenUp), [])
    await page.close()
  })

  await t.test('a link leads to the form, and to the account of who has signed in', async t => {
    const { page, problems } = await openPage(browser)
    const follow = async () => {
      await page.goto(url)
      await countUp(page, 1)
      const isMarked = await markDocument(page)
      await page.getByRole('navigation').getByRole('link', { name: 'Account' }).click()
      await page.getByRole('main').getByRole('button', { name: /^Sign/ }).waitFor()
      t.ok(await isMarked(), 'the document was not loaded again')
    }
    await follow()
    t.equal(page.url(), `${url}/sign-in`)
    await signIn(page, 'Grace')
    await follow()
    t.equal(page.url(), `${url}/account`)
    t.ok(await page.getByRole('heading', { name: 'Hello, Grace' }).isVisible())
    t.strictSame(problems.filter(notGivenUp), [])
    await page.close()
  })

  await t.test('the guestbook knows who has signed in, page and action alike', async t => {
    const { page, problems } = await openPage(browser)
    await page.goto(`${url}/guestbook`)
    await page.getByLabel('Name').fill('Grace')
    await page.request.post(`${url}/sign-in`, { form: { name: 'Ada' } })
    await signGuestbook(page, 'As somebody else')
    await page.getByText('Thank you, Ada.').waitFor()
    await page.getByText('You sign as Ada').waitFor()
    t.equal(await page.getByLabel('Name').count(), 0, 'there is nothing to ask')
    await signGuestbook(page, 'As myself')
    await page.getByRole('listitem').filter({ hasText: 'As myself' }).waitFor()
    const entries = await page.request.get(`${url}/api/guestbook`)
    t.match(await entries.json(), [
      { name: 'Ada', message: 'As myself' },
      { name: 'Ada', message: 'As somebody else' }
    ])

    await page.request.post(`${url}/sign-out`)
    await page.reload()
    t.ok(await page.getByLabel('Name').isVisible())
    t.strictSame(problems.filter(notGivenUp), [])
    await page.close()
  })

  await t.test('without JavaScript, and with a name that is as long as it can be', async t => {
    const { page } = await openPage(browser, { javaScriptEnabled: false, viewport: PHONE })
    await page.goto(`${url}/sign-in`)
    const name = 'W'.repeat(40)
    await signIn(page, name)
    t.ok(await page.getByRole('heading', { name: `Hello, ${name}` }).isVisible())
    t.equal(await page.evaluate('document.documentElement.scrollWidth'), PHONE.width)
    await page.goto(`${url}/guestbook`)
    await signGuestbook(page, 'W'.repeat(200))
    await page.getByText(`Thank you, ${name}.`).waitFor()
    t.equal(await page.evaluate('document.documentElement.scrollWidth'), PHONE.width)
    await page.close()
  })
})

t.test('only a name that fits signs in', async t => {
  const { url } = await startServer(t, SCRIPT, READY, { env: { PORT: '0' } })
  const post = (name: string) =>
    fetch(`${url}/sign-in`, {
      method: 'POST',
      redirect: 'manual',
      body: new URLSearchParams({ name }),
      signal: AbortSignal.timeout(20_000)
    })
  for (const name of ['', '  ', 'W'.repeat(41)]) {
    const response = await post(name)
    t.equal(response.status, 400, JSON.stringify(name))
    t.strictSame(response.headers.getSetCookie(), [])
    t.match(await response.text(), 'Please enter a name of at most 40 characters.')
  }
  const response = await post('W'.repeat(40))
  t.match([response.status, response.headers.get('location')], [303, '/account'])
  t.match(response.headers.getSetCookie(), [/^sessionId=\S+; Path=\/; HttpOnly; SameSite=Lax$/])
})

async function signIn(page: Page, name: string): Promise<void> {
  await page.getByLabel('Name').fill(name)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('button', { name: 'Sign out' }).waitFor()
}

async function signGuestbook(page: Page, message: string): Promise<void> {
  await page.getByLabel('Message').fill(message)
  await page.getByRole('button', { name: 'Sign', exact: true }).click()
}

/** A document gives up what it still loads when a form or a step back leaves it. */
function notGivenUp(problem: string): boolean {
  return !problem.endsWith(' net::ERR_ABORTED')
}
