import t from 'tap'
import type { FastifyNextOptions } from '../src/index.js'
import { countUp, markDocument, noBrowser, openBrowser, openPage } from './helpers/browser.js'
import {
  hasText,
  hotReloading,
  IS_NOT_OVERLAID,
  isOverlaid,
  SHOWN_MS,
  settled,
  startDevelopment
} from './helpers/development.js'
import { editable } from './helpers/editable.js'

interface Case {
  title: string
  plugin: FastifyNextOptions
  pages?: string[]
  /** Of the page. */
  path: string
  /** Of the socket. */
  socket: string
}

const CASES: readonly Case[] = [
  {
    title: 'with a basePath',
    plugin: { conf: { basePath: '/base' } },
    path: '/base',
    socket: '/base/_next/hmr'
  },
  {
    title: 'with a basePath and a path as assetPrefix',
    plugin: { conf: { basePath: '/base', assetPrefix: '/assets' } },
    path: '/base',
    socket: '/assets/_next/hmr'
  },
  {
    title: 'on a declared route',
    plugin: { catchAll: false },
    pages: ['/'],
    path: '/',
    socket: '/_next/hmr'
  },
  {
    title: 'on a declared route, with a basePath and a path as assetPrefix',
    plugin: { catchAll: false, conf: { basePath: '/base', assetPrefix: '/assets' } },
    pages: ['/base'],
    path: '/base',
    socket: '/assets/_next/hmr'
  }
]

t.test('in the browser', { skip: noBrowser, timeout: 110_000 }, async t => {
  const browser = await openBrowser(t)
  for (const { title, plugin, pages, path, socket } of CASES) {
    await t.test(`${title} hot reloading and the overlay work`, async t => {
      const { dir, edit } = await editable(t)
      const setup = { plugin: { dir, ...plugin }, ...(pages && { pages }) }
      const server = await startDevelopment(t, setup)
      const { page, problems } = await openPage(browser, { timeout: SHOWN_MS })
      const overlay = new Map<string, number>()
      page.on('response', response => {
        const { pathname } = new URL(response.url())
        if (pathname.includes('/__nextjs_')) overlay.set(pathname, response.status())
      })
      const hotReload = hotReloading(page, socket)
      await page.goto(server.url + path)
      await countUp(page, 2)
      t.notOk((await hotReload).isClosed())
      const isMarked = await markDocument(page)
      await settled(page)
      await edit('app/client.jsx', 'Client one', 'Client two')
      await page.waitForFunction(hasText('h2', 'Client two'))
      t.ok(await isMarked(), 'the document was not loaded again')
      t.ok(await page.evaluate(hasText('[data-testid=count]', '2')))
      t.strictSame(problems, [])

      // What the browser reports is known by the code that it runs: the overlay asks for the source.
      await edit('app/client.jsx', 'return (', `if (count) throw new Error('Thrown')\n  return (`)
      await page.waitForFunction(isOverlaid('Thrown', 'app/client.jsx', `> 13 |`))
      t.equal(overlay.get('/__nextjs_original-stack-frames'), 200)
      t.equal(overlay.get('/__nextjs_font/geist-latin.woff2'), 200)
      t.strictSame(
        [...overlay.values()].filter(status => status !== 200),
        []
      )
      await edit('app/client.jsx', `if (count) throw new Error('Thrown')`, '')
      await page.waitForFunction(IS_NOT_OVERLAID)
      await page.waitForFunction(hasText('h2', 'Client two'))
      await page.close()
      t.match(await server.close(), { code: 0 })
    })
  }
})
