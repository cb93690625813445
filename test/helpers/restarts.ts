import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { isRefused, until } from './connection.js'
import { editable } from './editable.js'
import { count } from './lane.js'
import { buildPlugin } from './process.js'
import { openTab } from './tab.js'
import { startWatcher } from './watcher.js'

const ROUNDS = count(2, 20)
/** A start and a first compile on a busy machine. */
const BOUND = 60_000

export interface Case {
  name: string
  /** The file that is touched. */
  file: string
  args: (port: number) => string[]
  env?: NodeJS.ProcessEnv
}

/** Restarts a server again and again with a watcher, while a tab is open. */
export async function testRestarts({ name, file, args, env }: Case): Promise<void> {
  await buildPlugin()
  await t.test(name, { timeout: 60_000 + ROUNDS * 30_000 }, async t => {
    const { dir, edit } = await editable(t, 'restarted')
    const port = await freePort()
    const url = `http://127.0.0.1:${port}`
    const watcher = startWatcher(t, args(port), { cwd: dir, env: { ...env, PORT: String(port) } })
    const source = await readFile(join(dir, file), 'utf8')
    const touch = (mark: string) => writeFile(join(dir, file), `${source}// ${mark}\n`)
    const startsAre = (starts: number) => {
      return until(`start ${starts}`, () => watcher.starts() >= starts, BOUND)
    }

    await startsAre(1)
    const tab = openTab(t, url)
    await tab.reconnected()
    for (let round = 1; round <= ROUNDS; round++) {
      await shows(t, url, 'Before the edit')
      await touch(`round ${round}`)
      await startsAre(round + 1)
      await tab.reconnected()
    }
    t.equal(watcher.starts(), ROUNDS + 1, 'nothing else has started it')

    // A page whose paths Next looks for in another process, and an edit of one.
    await shows(t, `${url}/known`, 'known')
    const before = await text(`${url}/own/pid`)
    await edit('app/page.jsx', 'Before', 'After')
    await until('the edit', async () => (await text(url)).includes('After the edit'), BOUND)
    await shows(t, `${url}/known`, 'known')
    t.equal(await text(`${url}/own/pid`), before, 'an edit of a page restarts nothing')
    t.notMatch(watcher.output(), /Unexpected response from worker/)

    // In the middle of a compile, and again while a request waits for Next to start.
    await edit('app/[slug]/page.jsx', '<h1>', '<h1 title="new">')
    const cut = [ended(`${url}/unknown`)]
    await touch('while a page is compiled')
    const waits = () => watcher.output().split('wait for Next.js').length
    const waitsBefore = waits()
    await startsAre(ROUNDS + 2)
    cut.push(ended(url))
    await until('a request that waits', () => waits() > waitsBefore)
    await touch('while a request waits')
    await startsAre(ROUNDS + 3)
    await shows(t, url, 'After the edit')
    await Promise.all([...cut, tab.reconnected()])

    await watcher.interrupt()
    t.strictSame(watcher.processes(), [])
    t.ok(await isRefused(port))
    t.notMatch(watcher.output(), /EADDRINUSE|FST_NEXT_DEV_SERVER_RUNNING|already running/)
  })
}

function get(url: string): Promise<Response> {
  return fetch(url, { headers: { connection: 'close' }, signal: AbortSignal.timeout(BOUND) })
}

async function text(url: string): Promise<string> {
  const response = await get(url)
  return response.text()
}

async function shows(t: Test, url: string, heading: string): Promise<void> {
  const page = await get(url)
  t.equal(page.status, 200)
  t.match(await page.text(), new RegExp(`<h1[^>]*>${heading}</h1>`))
}

/** The end of a request, whichever it is. */
function ended(url: string): Promise<unknown> {
  return text(url).catch(() => {})
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
