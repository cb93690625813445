import type { Page } from 'playwright-core'
import type { Test } from 'tap'
import { markDocument, openBrowser, openPage } from './browser.js'

/** Under load a page may take a while, in ms. */
const TIMEOUT = 30_000

/** Somebody who has the home page of build one of the fixture `rolling` open while build two takes over. */
export async function openVisitor(t: Test, url: string) {
  const browser = await openBrowser(t)
  const { page: old, problems } = await openPage(browser, { timeout: TIMEOUT })
  await old.goto(url)
  t.equal(await greet(old), 'Hello, says build one')

  return {
    /** While there are processes of both builds, each page is answered by its own. */
    async goesOn(t: Test, isAmid: () => boolean): Promise<void> {
      const answer = await greet(old)
      if (isAmid()) t.equal(answer, 'Hello, says build one')
      // Only build two has this page, and its action.
      const { page: added, problems } = await openPage(browser, { timeout: TIMEOUT })
      while ((await added.goto(`${url}/added`))?.status() === 404);
      t.equal(await greet(added), 'Goodbye, says build two')
      const isOther = (problem: string) => !problem.includes('status of 404')
      t.strictSame(problems.filter(notGivenUp).filter(isOther), [])
      await added.close()
    },

    /** When there are no processes of its own any more. */
    async isLedToNewBuild(t: Test): Promise<void> {
      await old.getByRole('button', { name: 'Open' }).click()
      await old.getByText('Late part of build one').waitFor()
      t.equal(await greet(old), 'Hello, says build two')
      const isMarked = await markDocument(old)
      await old.getByRole('link', { name: 'Dynamic' }).click()
      await old.getByRole('heading', { name: 'Dynamic of build two' }).waitFor()
      t.notOk(await isMarked(), 'in a new document')
      t.equal(await greet(old), 'Hello, says build two')
      t.strictSame(problems.filter(notGivenUp), [])
      await old.close()
    }
  }
}

let greetings = 0

/** Sends the form of a page, and resolves to what its action has answered. */
async function greet(page: Page): Promise<string> {
  const name = `visitor ${++greetings}`
  await page.waitForFunction(
    `Object.keys(document.querySelector('form')).some(key => key.startsWith('__reactProps$'))`
  )
  await page.getByRole('textbox').fill(name)
  await page.getByRole('button', { name: 'Greet' }).click()
  const answer = page.locator('output', { hasText: `${name},` })
  await answer.waitFor()
  return ((await answer.textContent()) ?? '').replace(` ${name}`, '')
}

/** A page gives up what it still loads, its icon too, when another one comes in its place. */
function notGivenUp(problem: string): boolean {
  return !problem.endsWith(' net::ERR_ABORTED')
}
