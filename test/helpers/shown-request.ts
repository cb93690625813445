import type { Page } from 'playwright-core'
import { until } from './connection.js'
import { linesIn } from './log.js'

/**
 * The id of a request that an error page of the example shows, once the log has an error with it.
 * @param message of that error
 */
export async function shownRequest(
  page: Page,
  { output }: { output(): string },
  message: string
): Promise<string> {
  await page.getByRole('heading', { name: 'Something went wrong' }).waitFor()
  const id = String(await page.getByRole('main').getByRole('code').textContent())
  await until(`"${message}" of ${id} in the log`, () =>
    linesIn(output()).some(({ reqId, err }) => reqId === id && err?.message.startsWith(message))
  )
  return id
}
