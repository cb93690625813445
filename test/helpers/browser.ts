import { existsSync } from 'node:fs'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import type { Test } from 'tap'

const HOW_TO_GET_CHROMIUM =
  'No Chromium found. Install it (Debian: apt-get install chromium), or set CHROMIUM_PATH.'
const PATHS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync'
]

const executablePath = [process.env.CHROMIUM_PATH, ...PATHS].find(path => path && existsSync(path))

/** For `skip`: why a test has no browser. On CI it is never skipped, and fails instead. */
export const noBrowser: string | false =
  executablePath || process.env.CI ? false : HOW_TO_GET_CHROMIUM
if (noBrowser) console.error(`\nWARNING: tests in the browser are skipped. ${noBrowser}\n`)

/** Starts Chromium, and closes it at the end of `t`. */
export async function openBrowser(t: Test): Promise<Browser> {
  if (!executablePath) throw new Error(HOW_TO_GET_CHROMIUM)
  const browser = await chromium.launch({ executablePath, args: ARGUMENTS, timeout: 30_000 })
  t.teardown(() => browser.close())
  return browser
}

/** A new tab, with what goes wrong in it. Each wait there is bounded by `timeout`, in ms. */
export async function openPage(
  browser: Browser,
  { timeout = 15_000, ...options }: BrowserContextOptions & { timeout?: number } = {}
) {
  const page = await browser.newPage(options)
  page.setDefaultTimeout(timeout)
  const problems: string[] = []
  page.on('pageerror', error => problems.push(`error: ${error.message}`))
  page.on('console', message => {
    if (message.type() === 'error') problems.push(`console: ${message.text()}`)
  })
  page.on('requestfailed', request => {
    const reason = request.failure()?.errorText
    // Next's client gives up the rest of such an answer once it has read what it needs of it.
    const { rsc, 'next-action': action } = request.headers()
    if (reason === 'net::ERR_ABORTED' && (rsc || action)) return
    problems.push(`failed: ${request.url()} ${reason}`)
  })
  return { page, problems }
}

/** Clicks the button of a counter once React has taken over; before that a click is lost. */
export async function countUp(page: Page, to: number): Promise<void> {
  const button = page.getByRole('button', { name: 'Count up' })
  await button.waitFor()
  const element = await button.elementHandle()
  await page.waitForFunction(
    node => Object.keys(node ?? {}).some(key => key.startsWith('__reactProps$')),
    element
  )
  for (let count = 1; count <= to; count++) {
    await button.click()
    await page.getByTestId('count').getByText(String(count), { exact: true }).waitFor()
  }
}

interface Arrival {
  id: string
  /** In ms since the document was requested. */
  at: number
}

// Text, since the types of the DOM are not those of the server.
const NOTE_ARRIVALS = `
  window.arrivals = []
  new MutationObserver(() => {
    for (const element of document.querySelectorAll('[data-testid]')) {
      const id = element.dataset.testid
      if (arrivals.some(arrival => arrival.id === id) || !element.checkVisibility()) continue
      arrivals.push({ id, at: performance.now() })
    }
  }).observe(document, { attributes: true, childList: true, subtree: true })
`

/**
 * Has the documents of the page note when each test id is first visible: on a busy machine the
 * test itself may look too late.
 */
export async function noteArrivals(page: Page): Promise<() => Promise<Arrival[]>> {
  await page.addInitScript(NOTE_ARRIVALS)
  return () => page.evaluate<Arrival[]>('arrivals')
}

/** Leaves a mark in the document, which is gone once another one is loaded in its place. */
export async function markDocument(page: Page): Promise<() => Promise<boolean>> {
  await page.evaluate('window.marked = true')
  return () => page.evaluate<boolean>('window.marked === true')
}
