import { rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { startApp } from './helpers/app-process.js'
import { until } from './helpers/connection.js'
import { editable } from './helpers/editable.js'

/** A start and a first compile on a busy machine. */
const BOUND = 60_000

function get(url: string): Promise<Response> {
  return fetch(url, { signal: AbortSignal.timeout(BOUND) })
}

for (const bundler of ['turbopack', 'webpack'] as const) {
  t.test(`a syntax error in the proxy can be mended, with ${bundler}`, async t => {
    const { dir } = await editable(t, 'held')
    const proxy = join(dir, 'proxy.js')
    await writeFile(proxy, 'export function proxy( {')
    const server = await startApp(t, { dir, dev: true, [bundler]: true })
    const page = await get(server.url)
    t.equal(page.status, 500)
    t.match(await page.text(), /proxy\.js/)
    await until('the message', () => /proxy\.js/.test(server.output()))
    // Next itself says it once for each request, and with webpack for each compile.
    t.equal(
      server.output().match(/"level":50[^\n]*proxy\.js/g)?.length,
      bundler === 'webpack' ? 2 : 1
    )

    const mended = "export const proxy = () => new Response('Mended')"
    await writeFile(`${proxy}.new`, mended)
    await rename(`${proxy}.new`, proxy)
    await until(
      'the mended proxy',
      async () => (await (await get(server.url)).text()) === 'Mended',
      BOUND
    )
  })
}
