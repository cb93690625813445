import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { startApp } from './helpers/app-process.js'
import { certificate } from './helpers/certificate.js'
import { until } from './helpers/connection.js'
import { editable } from './helpers/editable.js'
import { buildPlugin, repositoryPath, startServer } from './helpers/process.js'

/** A start and a first compile on a busy machine. */
const BOUND = 60_000
const IS_RUN = '"code":"FST_NEXT_DEV_SERVER_RUNNING"'

function get(url: string): Promise<Response> {
  return fetch(url, { signal: AbortSignal.timeout(BOUND) })
}

async function lockOf(dir: string): Promise<unknown> {
  return JSON.parse(await readFile(join(dir, '.next', 'dev', 'lock'), 'utf8'))
}

t.test('of two servers that start at the same time one runs, and both live', async t => {
  const { dir } = await editable(t, 'held')
  const start = () => startApp(t, { dir, dev: true })
  const servers = await Promise.all([start(), start()])
  const answers = await Promise.all(servers.map(({ url }) => get(url)))
  const statuses = answers.map(({ status }) => status)
  t.strictSame(statuses.toSorted(), [200, 503])
  for (const [index, server] of servers.entries()) {
    t.equal((await get(`${server.url}/own`)).status, 200)
    if (statuses[index] === 200) t.notMatch(server.output(), IS_RUN)
    else await until('the error', () => server.output().includes(IS_RUN))
    t.notMatch(server.output(), 'Another next dev server')
  }
  const { port } = new URL(String(servers[statuses.indexOf(200)]?.url))
  t.match(await lockOf(dir), { port: Number(port), appUrl: `http://localhost:${port}` })
})

t.test('the lock names the address that is served, though it was taken before', async t => {
  const { dir } = await editable(t, 'held')
  await buildPlugin()
  const script = repositoryPath('test', 'processes', 'late-listen.mjs')
  const setup = { plugin: { dir }, server: { https: certificate() } }
  const first = await startServer(t, script, /^Listening on (\S+)/m, {
    args: [JSON.stringify(setup)],
    bound: BOUND
  })
  const { port } = new URL(first.url)
  const origin = `https://localhost:${port}`
  t.match(await lockOf(dir), { port: Number(port), hostname: 'localhost', appUrl: origin })

  const second = await startApp(t, { dir, dev: true })
  t.equal((await get(second.url)).status, 503, 'and is held as before')
  await until('the error', () => second.output().includes(IS_RUN))
})
