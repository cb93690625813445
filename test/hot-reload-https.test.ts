import t from 'tap'
import { countUp, markDocument, noBrowser, openBrowser, openPage } from './helpers/browser.js'
import { certificate } from './helpers/certificate.js'
import {
  hasText,
  hotReloading,
  SHOWN_MS,
  settled,
  startDevelopment
} from './helpers/development.js'
import { editable } from './helpers/editable.js'

t.test('in the browser', { skip: noBrowser, timeout: 110_000 }, async t => {
  const browser = await openBrowser(t)
  for (const { title, server, protocol } of [
    { title: 'over HTTPS', server: { https: certificate() }, protocol: 'http/1.1' },
    {
      title: 'over HTTP/2',
      server: { http2: true, https: { ...certificate(), allowHTTP1: true } },
      protocol: 'h2'
    }
  ] as const) {
    await t.test(`${title} a page hydrates, and hot reloading works`, async t => {
      const { dir, edit } = await editable(t)
      const { url, close } = await startDevelopment(t, { plugin: { dir }, server })
      t.match(url, /^https:/)
      const options = { ignoreHTTPSErrors: true, timeout: SHOWN_MS }
      const { page, problems } = await openPage(browser, options)
      const hotReload = hotReloading(page)
      await page.goto(url)
      await countUp(page, 2)
      t.match((await hotReload).url(), /^wss:/)
      const spoken = `performance.getEntriesByType('navigation')[0].nextHopProtocol`
      t.equal(await page.evaluate(spoken), protocol)
      const isMarked = await markDocument(page)
      await settled(page)
      await edit('app/client.jsx', 'Client one', 'Client two')
      await page.waitForFunction(hasText('h2', 'Client two'))
      await page.getByTestId('act').click()
      await page.waitForFunction(hasText('[data-testid=acted]', 'Action one'))
      t.ok(await isMarked(), 'the document was not loaded again')
      t.ok(await page.evaluate(hasText('[data-testid=count]', '2')))
      t.strictSame(problems, [])
      t.match(await close(), { code: 0, isLocked: false })
      await page.close()
    })
  }
})
