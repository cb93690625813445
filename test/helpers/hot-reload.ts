import t from 'tap'
import { countUp, markDocument, noBrowser, openBrowser, openPage } from './browser.js'
import {
  compiled,
  hasColor,
  hasText,
  hotReloading,
  IS_NOT_OVERLAID,
  isOverlaid,
  SHOWN_MS,
  settled,
  startDevelopment
} from './development.js'
import { editable } from './editable.js'

type Bundler = 'turbopack' | 'webpack'

/** An expression that holds when the route handler answers so. */
const answers = (text: string) =>
  `fetch('/answer').then(async answer => (await answer.text()) === '${text}')`

/** With what holds in the browser then. */
const EDITS = [
  {
    what: 'a client component',
    file: 'app/client.jsx',
    from: 'Client one',
    to: 'Client two',
    shows: hasText('h2', 'Client two')
  },
  {
    what: 'a Server Component',
    file: 'app/page.jsx',
    from: 'Server one',
    to: 'Server two',
    shows: hasText('h1', 'Server two')
  },
  {
    what: 'a layout',
    file: 'app/layout.jsx',
    from: 'Layout one',
    to: 'Layout two',
    shows: hasText('header', 'Layout two')
  },
  {
    what: 'global CSS',
    file: 'app/global.css',
    from: '0, 0, 1',
    to: '0, 0, 2',
    shows: hasColor('header', 'rgb(0, 0, 2)')
  },
  {
    what: 'a Server Action',
    file: 'app/actions.js',
    from: 'Action one',
    to: 'Action two',
    // Again after each answer, since the page does not tell when there is a new one.
    shows: `(() => {
      if (${hasText('[data-testid=acted]', 'Action two')}) return true
      if (!${hasText('[data-testid=acted]', 'Asked')}) document.querySelector('[data-testid=act]').click()
      return false
    })()`
  },
  {
    what: 'a route handler',
    file: 'app/answer/route.js',
    from: 'Answer one',
    to: 'Answer two',
    shows: answers('Answer two')
  }
] as const

/** What is right in a file, and what is not. */
const SYNTAX_ERRORS = [
  ['app/client.jsx', 'Client two</h2>', 'Client two</h2'],
  ['app/page.jsx', 'Server two</h1>', 'Server two</h1']
] as const

/** Edits an app while it is open in a browser. */
export function testHotReload(bundler: Bundler): void {
  t.test(bundler, { skip: noBrowser, timeout: 110_000 }, async t => {
    const { dir, edit } = await editable(t)
    const browser = await openBrowser(t)
    const server = await startDevelopment(t, { plugin: { dir, [bundler]: true } })
    const { page, problems } = await openPage(browser, { timeout: SHOWN_MS })
    const shows = (expression: string) =>
      page.waitForFunction(expression, undefined, { polling: 50 })
    const countIs = (count: number) => page.evaluate(hasText('[data-testid=count]', String(count)))

    const hotReload = hotReloading(page)
    await page.goto(server.url)
    const socket = await hotReload
    await countUp(page, 2)
    await page.getByTestId('act').click()
    await shows(hasText('[data-testid=acted]', 'Action one'))
    await shows(answers('Answer one'))
    const isMarked = await markDocument(page)
    await settled(page)

    for (const { what, file, from, to, shows: expression } of EDITS) {
      await t.test(`${what} that is edited is shown, and the state is kept`, async t => {
        // What is asked for while webpack writes may fail, as with `next dev`.
        await Promise.all([compiled(socket), edit(file, from, to)])
        await shows(expression)
        t.ok(await isMarked(), 'the document was not loaded again')
        t.ok(await countIs(2))
        t.strictSame(problems, [])
      })
    }

    for (const [file, right, wrong] of SYNTAX_ERRORS) {
      await t.test(`a syntax error in ${file} is shown until it is mended`, async t => {
        await edit(file, right, wrong)
        await shows(isOverlaid(file))
        await edit(file, wrong, right)
        await shows(IS_NOT_OVERLAID)
        t.ok(await page.evaluate(hasText('h2', 'Client two')))
        t.ok(await isMarked(), 'the document was not loaded again')
        t.ok(await countIs(2))
      })
    }

    await t.test('a page of the Pages Router that is edited is shown', async t => {
      const { page, problems } = await openPage(browser, { timeout: SHOWN_MS })
      await page.goto(`${server.url}/legacy`)
      await countUp(page, 2)
      const isMarked = await markDocument(page)
      await settled(page)
      for (const [selector, from, to] of [
        ['p', 'Props one', 'Props two'],
        ['h1', 'Legacy one', 'Legacy two']
      ] as const) {
        await edit('pages/legacy.jsx', from, to)
        await page.waitForFunction(hasText(selector, to))
      }
      t.ok(await isMarked(), 'the document was not loaded again')
      t.ok(await page.evaluate(hasText('[data-testid=count]', '2')))
      t.strictSame(problems, [])
      await page.close()
    })

    await t.test('the server closes while the page is open', async t => {
      // With webpack the process ends by itself, though Next has more compilers once there was an error.
      t.match(await server.close(), { code: 0, signal: null, isLocked: false })
    })
  })
}
