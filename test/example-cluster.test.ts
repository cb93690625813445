import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import WebSocket from 'ws'
import { noBrowser, openBrowser, openPage } from './helpers/browser.js'
import { startCluster } from './helpers/cluster.js'
import { isRefused, until } from './helpers/connection.js'
import { fixturePath } from './helpers/fixture.js'
import { Backend, Load } from './helpers/load.js'
import { linesIn } from './helpers/log.js'
import { buildPlugin, repositoryPath } from './helpers/process.js'
import { Browser } from './helpers/visits.js'

const execute = promisify(execFile)
const PORTS = 6
/** In ms; longer than the starter takes to notice that a process is not ready. */
const DRAIN_DELAY = 2_000
/** Requests a second. */
const RATE = 50

// It has a build of its own.
t.setTimeout(240_000)

await buildPlugin()

/** It is built in its directory, where other tests have a build of their own. */
async function exampleCopy(t: Test): Promise<string> {
  const dir = fixturePath('.edited', `example-${process.pid}`)
  t.teardown(() => rm(dir, { force: true, maxRetries: 5, recursive: true }))
  const filter = (path: string) => !/^\.(next|cluster-.*)$/.test(basename(path))
  await cp(repositoryPath('example'), dir, { filter, recursive: true })
  return dir
}

t.test('nginx takes the configuration as it is, and that of the containers', async t => {
  const dir = t.testdir()
  const cluster = repositoryPath('example', 'cluster')
  const check = (path: string) =>
    execute('nginx', ['-t', '-p', `${dir}/`, '-c', path, '-e', 'stderr'], {
      env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` }
    })
  t.match(await check(join(cluster, 'nginx.conf')), { stderr: 'test is successful' })

  await cp(join(cluster, 'nginx.conf'), join(dir, 'nginx.conf'))
  await cp(join(cluster, 'compose', 'listen.conf'), join(dir, 'listen.conf'))
  const upstream = await readFile(join(cluster, 'compose', 'upstream.conf'), 'utf8')
  // The names are those of a network that is not here.
  await writeFile(join(dir, 'upstream.conf'), upstream.replaceAll(/app\d/g, '127.0.0.1'))
  t.match(await check(join(dir, 'nginx.conf')), { stderr: 'test is successful' })
})

t.test('the example in four processes', async t => {
  const app = await exampleCopy(t)
  const cluster = await startCluster(t, app, {
    DRAIN_DELAY: String(DRAIN_DELAY),
    LOG_LEVEL: 'info'
  })
  const { url, port } = cluster
  // A reload of nginx closes connections that are kept, which `fetch` would take for an error.
  const browser = new Browser(url)
  t.teardown(() => browser.close())
  const pidOf = async (client = browser): Promise<number> =>
    JSON.parse((await client.ask({ path: '/api/process' })).body).pid
  const direct = [1, 2, 3, 4].map(n => new Browser(`http://127.0.0.1:${port + n}`))
  t.teardown(() => {
    for (const client of direct) client.close()
  })
  const pids = () => Promise.all(direct.map(pidOf))
  const answering = async (count: number) =>
    Promise.all(Array.from({ length: count }, () => pidOf()))

  await t.test('all of them answer, on connections that are kept', async t => {
    const answers = await answering(40)
    t.strictSame([...new Set(answers)].sort(), (await pids()).sort())
    const logged = () =>
      linesIn(cluster.output()).filter(({ req }) => req?.url === '/api/process?kept')
    for (let request = 0; request < 40; request++) await browser.ask({ path: '/api/process?kept' })
    await until('the log', () => logged().length === 40)
    const connections = new Set(logged().map(({ req }) => req?.remotePort))
    t.ok(connections.size < 20, `${connections.size} connections`)
  })

  await t.test('a stream is not held back', async t => {
    t.match(await beforeSlowPart(url), /data-testid="skeleton"/)
  })

  await t.test('a WebSocket passes', async t => {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/api/echo`)
    await once(socket, 'open')
    socket.send('Ahoy')
    const [data] = await once(socket, 'message')
    t.equal(String(data), 'Ahoy')
    socket.close()
    await once(socket, 'close')
  })

  await t.test('files of the build come from the disk, in gzip', async t => {
    const html = await (await fetch(url)).text()
    const [, file] = html.match(/src="(\/_next\/static\/[^"]+\.js\?dpl=[\w-]+)"/) ?? []
    const response = await fetch(`${url}${file}`, { headers: { 'accept-encoding': 'gzip' } })
    t.equal(response.status, 200)
    t.equal(response.headers.get('content-encoding'), 'gzip')
    t.equal(response.headers.get('cache-control'), 'public, max-age=31536000, immutable')

    const state = (await readdir(app)).find(name => name.startsWith('.cluster-')) ?? ''
    await mkdir(join(app, state, 'releases', '_next', 'static'), { recursive: true })
    await writeFile(join(app, state, 'releases', '_next', 'static', 'secret.txt'), 'secret')
    const secret = await fetch(`${url}/_next/static/secret.txt?dpl=../releases`)
    t.equal(secret.status, 404, 'and from nowhere else')
  })

  await t.test('sessions and the guestbook are those of all', { skip: noBrowser }, async t => {
    const { page, problems } = await openPage(await openBrowser(t))
    await page.goto(`${url}/sign-in`)
    await page.getByLabel('Name').fill('Ada')
    await page.getByRole('button', { name: 'Sign in' }).click()
    for (let visit = 0; visit < 4; visit++) {
      await page.goto(`${url}/account`)
      await page.getByRole('heading', { name: 'Hello, Ada' }).waitFor()
    }
    await page.goto(`${url}/guestbook`)
    for (const message of ['First', 'Second', 'Third', 'Fourth', 'Fifth']) {
      await page.getByLabel('Message').fill(message)
      await page.getByRole('button', { name: 'Sign', exact: true }).click()
      await page.getByRole('listitem').filter({ hasText: message }).waitFor()
    }
    for (let visit = 0; visit < 4; visit++) {
      await page.reload()
      t.equal(await page.getByRole('listitem').count(), 5)
    }
    // A reload gives up what is still loading.
    t.strictSame(
      problems.filter(problem => !problem.endsWith('net::ERR_ABORTED')),
      []
    )
    if (process.env.SCREENSHOT) await page.screenshot({ path: process.env.SCREENSHOT })
    await page.close()
  })

  await t.test('no headers of a client make it somebody else', async t => {
    const headers = { origin: 'https://evil.example', 'x-forwarded-host': 'evil.example' }
    const id = await actionOfGuestbook(url)
    const post = (headers: Record<string, string>) =>
      fetch(`${url}/guestbook`, {
        method: 'POST',
        headers: { 'next-action': id, accept: 'text/x-component', ...headers },
        body: '[null,null]'
      })
    const response = await post(headers)
    t.equal(response.status, 500)
    await until('the refusal', () => /does not match `origin` header/.test(cluster.output()))
  })

  await t.test('a process that is about to close gets no request', async t => {
    const [leaving = 0] = await pids()
    process.kill(leaving, 'SIGTERM')
    const health = async () => (await fetch(`http://127.0.0.1:${port + 1}/health`)).status
    t.equal(await health(), 503)
    const isNamed = async () => (await answering(8)).includes(leaving)
    await until('its absence', async () => !(await isNamed()))
    t.equal(await health(), 503, 'it answers still')
    t.notOk((await answering(40)).includes(leaving))
    await until('another one in its place', async () => isBack(leaving), 30_000)
  })

  /** Whether four processes answer through nginx, none of which is this one. */
  async function isBack(gone: number): Promise<boolean> {
    const answers = new Set(await answering(16))
    return answers.size === 4 && !answers.has(gone)
  }

  await t.test('a process that is killed costs no answer', async t => {
    const backend = new Backend(url, (path, body) => path !== '/' || body.endsWith('</html>'))
    t.teardown(() => backend.close())
    const load = new Load(RATE, ['/', '/api/process', '/api/guestbook'], path => backend.send(path))
    t.teardown(() => load.stop())
    await load.more(RATE)
    const [killed = 0] = await pids()
    process.kill(killed, 'SIGKILL')
    await until('another one in its place', async () => isBack(killed), 30_000)
    load.stop()
    await backend.settled()
    t.strictSame(
      backend.outcomes.filter(
        ({ ending }) => ending.kind === 'failed' || ending.kind === 'refused'
      ),
      []
    )
  })

  await t.test('Ctrl-C stops all of it', async t => {
    const { pid } = cluster
    t.strictSame(await cluster.stop('SIGINT', 60_000), { code: 0, signal: null })
    t.throws(() => process.kill(pid, 0))
    for (let index = 0; index < PORTS; index++) t.ok(await isRefused(port + index))
    const names = await readdir(app)
    t.notOk(names.some(name => name.startsWith('.cluster-')))
    t.match(cluster.output(), /Cluster stopped\n$/)
  })
})

/** Resolves to the id of the action of its form. */
async function actionOfGuestbook(url: string): Promise<string> {
  const html = await (await fetch(`${url}/guestbook`)).text()
  const [, id] = html.match(/&quot;id&quot;:&quot;([0-9a-f]+)&quot;/) ?? []
  return id ?? ''
}

/** Resolves to what arrives of a stream before its slow part does. */
async function beforeSlowPart(origin: string): Promise<string> {
  const { body } = await fetch(`${origin}/stream`, { headers: { 'accept-encoding': 'identity' } })
  let text = ''
  let before = ''
  for await (const piece of body ?? []) {
    text += Buffer.from(piece).toString('latin1')
    if (!text.includes('data-testid="slow-part"')) before = text
  }
  return before
}
