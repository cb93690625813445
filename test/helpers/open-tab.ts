import { once } from 'node:events'
import { createServer } from 'node:net'
import t from 'tap'
import { countUp, markDocument, noBrowser, openBrowser, openPage } from './browser.js'
import { hasColor, hasText, SHOWN_MS, settled, startDevelopment } from './development.js'
import { editable } from './editable.js'

/** Far below the closeTimeout of 10 s, for which a close would wait that waits for the tab. */
const CLOSED_MS = 5_000

/** Restarts a server while a browser has its pages open. */
export function testOpenTab(bundler: 'turbopack' | 'webpack'): void {
  t.test(bundler, { skip: noBrowser, timeout: 110_000 }, async t => {
    const { dir, edit } = await editable(t)
    const start = (port = 0) =>
      startDevelopment(t, { plugin: { dir, [bundler]: true }, listen: { port } })
    const browser = await openBrowser(t)
    const server = await start()
    const { page } = await openPage(browser, { timeout: SHOWN_MS })
    const shows = (expression: string) =>
      page.waitForFunction(expression, undefined, { polling: 50 })
    await page.goto(server.url)
    await countUp(page, 2)
    const isMarked = await markDocument(page)

    await t.test('close() does not wait for tabs, and frees all', async t => {
      const { page: slow } = await openPage(browser, { timeout: SHOWN_MS })
      await slow.goto(`${server.url}/slow`, { waitUntil: 'commit' })
      await slow.getByTestId('skeleton').waitFor()
      const { took, code, signal, isLocked } = await server.close()
      t.strictSame({ code, signal, isLocked }, { code: 0, signal: null, isLocked: false })
      t.ok(Number(took) < CLOSED_MS, `it has taken ${took} ms`)
      await slow.close()
      await assertFree(server.port)
    })

    await t.test('an open tab comes back to a new server, with what was edited', async t => {
      await edit('app/client.jsx', 'Client one', 'Client two')
      const again = await start(server.port)
      await shows(hasText('h2', 'Client two'))
      t.notOk(await isMarked(), 'as with `next dev` the document was loaded again')
      await countUp(page, 2)
      await settled(page)
      await edit('app/client.jsx', 'Client two', 'Client three')
      await shows(hasText('h2', 'Client three'))
      t.ok(await page.evaluate(hasText('[data-testid=count]', '2')))

      await edit('app/page.module.css', '0, 0, 1', '0, 0, 2')
      await shows(hasColor('h1', 'rgb(0, 0, 2)'))
      // With webpack `next dev` may load the document again, for a CSS module.
      if (bundler === 'turbopack') {
        t.ok(await page.evaluate(hasText('[data-testid=count]', '2')))
      }
      t.match(await again.close(), { code: 0, isLocked: false })
    })
  })
}

async function assertFree(port: number): Promise<void> {
  const server = createServer().listen(port, '127.0.0.1')
  await once(server, 'listening')
  server.close()
  await once(server, 'close')
}
