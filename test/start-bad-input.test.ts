import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { FastifyNextOptions } from '../src/index.js'
import { startApp } from './helpers/app-process.js'
import { until } from './helpers/connection.js'
import { editable } from './helpers/editable.js'
import { builtFixture } from './helpers/fixture.js'
import { buildPlugin, repositoryPath, startServer } from './helpers/process.js'

/** A start and a first compile on a busy machine. */
const BOUND = 60_000

function get(url: string): Promise<Response> {
  return fetch(url, { signal: AbortSignal.timeout(BOUND) })
}

function countOf(text: string, pattern: RegExp): number {
  return text.match(new RegExp(pattern, 'g'))?.length ?? 0
}

/** What a process writes that fails to start, or that prints what it has to say and ends. */
async function outputOf(
  t: Test,
  options: FastifyNextOptions,
  { env, args = ['0'] }: { env?: NodeJS.ProcessEnv; args?: string[] } = {}
): Promise<{ output: string; code: number | null }> {
  await buildPlugin()
  const script = repositoryPath('test', 'processes', 'start-and-end.mjs')
  const server = await startServer(t, script, /^()/, {
    args: [JSON.stringify(options), ...args],
    ...(env && { env })
  })
  const { code } = await server.end(BOUND)
  return { output: server.output(), code }
}

const configs: [file: string, source: string, reason: RegExp][] = [
  ['next.config.js', "throw new Error('Broken as it loads')", /Error: Broken as it loads/],
  ['next.config.mjs', "throw new Error('Broken as it loads')", /Error: Broken as it loads/],
  [
    'next.config.ts',
    "throw new Error('Broken as it loads' as string)",
    /Error: Broken as it loads/
  ],
  [
    'next.config.mjs',
    "export default async () => { throw new Error('Broken when called') }",
    /Error: Broken when called/
  ],
  [
    'next.config.ts',
    "export default async () => { throw new Error('Broken when called' as string) }",
    /Error: Broken when called/
  ],
  ['next.config.js', 'module.exports = { nowhere( {', /SyntaxError: Unexpected end of input/],
  ['next.config.mjs', 'export default { nowhere( {', /SyntaxError: Unexpected end of input/],
  ['next.config.ts', 'export default { nowhere( {', /Unexpected token `<eof>`/]
]

t.test('a config that is broken is named, with the reason', async t => {
  for (const dev of [true, false]) {
    for (const [file, source, reason] of configs) {
      const { dir } = await editable(t, 'held')
      await writeFile(join(dir, file), source)
      const { output, code } = await outputOf(t, { dir, dev })
      t.equal(code, 1)
      t.equal(countOf(output, /FST_NEXT_CONFIG_FAILED'/), 1, `${file}: one message`)
      t.ok(output.includes(`The config "${join(dir, file)}" failed to load`))
      t.equal(countOf(output, reason), 1, `${reason} once`)
      t.notMatch(output, 'Failed to load next.config')
    }
  }
})

t.test('a port in use ends the process, and Next with it', async t => {
  const { dir } = await editable(t, 'held')
  const taken = createServer().listen(0, '127.0.0.1')
  await once(taken, 'listening')
  t.teardown(() => void taken.close())
  const { port } = taken.address() as AddressInfo
  const { output, code } = await outputOf(t, { dir, dev: true }, { args: [String(port)] })
  t.equal(code, 1)
  t.equal(countOf(output, /Error: listen EADDRINUSE/), 1)

  const caught = await outputOf(t, { dir, dev: true }, { args: [String(port), 'caught'] })
  t.equal(caught.code, 0)
  t.match(caught.output, /^Caught EADDRINUSE$/m)
  t.match(caught.output, /^Locked: false$/m)

  const server = await startApp(t, { dir, dev: true })
  t.equal((await get(server.url)).status, 200)
})

t.test('a directory whose development server runs in another process', async t => {
  const { dir } = await editable(t, 'held')
  const first = await startApp(t, { dir, dev: true })
  t.equal((await get(first.url)).status, 200)
  const second = await startApp(t, { dir, dev: true })
  const answers = await Promise.all([get(second.url), get(`${second.url}/?again`)])
  for (const answer of answers) {
    t.equal(answer.status, 503)
    t.match(await answer.json(), { code: 'FST_NEXT_PREPARE_FAILED' })
  }
  t.equal((await get(`${second.url}/own`)).status, 200, 'the rest of the server goes on')
  const logged = second.output().match(/^.*"code":"FST_NEXT_DEV_SERVER_RUNNING".*$/gm) ?? []
  t.equal(logged.filter(line => !line.includes('"reqId"')).length, 1)
  t.match(JSON.parse(String(logged[0])), {
    level: 50,
    err: { message: new RegExp(`"${dir}" is run by process \\d+ already: end that one first`) }
  })
  t.notMatch(second.output(), 'Another next dev server')

  // It may be that the other one is only about to end, as when a watcher has lost count.
  const third = await startApp(t, { dir, dev: true })
  const page = get(third.url)
  await until('a request that waits', () => third.output().includes('wait for Next.js'))
  t.equal((await first.stop('SIGKILL')).signal, 'SIGKILL')
  t.equal((await page).status, 200)
})

t.test('NODE_ENV says something else than the option dev', async t => {
  const env = { NODE_ENV: 'production' }
  const { dir } = await editable(t, 'restarted')
  const warned = await outputOf(t, { dir, dev: true }, { env })
  t.equal(warned.code, 0)
  t.equal(countOf(warned.output, /"level":40[^\n]*NODE_ENV/), 1)
  t.match(warned.output, `"level":40`)
  t.match(warned.output, `NODE_ENV is \\"production\\"`)

  const { dir: withPages } = await editable(t, 'pages-router')
  const failed = await outputOf(t, { dir: withPages, dev: true }, { env })
  t.equal(failed.code, 1)
  t.equal(countOf(failed.output, /code: 'FST_NEXT_NODE_ENV_MISMATCH'/), 1)
  t.match(failed.output, `can not render "${join(withPages, 'pages')}"`)

  const built = await builtFixture('pages-router')
  const reverse = await outputOf(
    t,
    { dir: built, dev: false },
    { env: { NODE_ENV: 'development' } }
  )
  t.equal(reverse.code, 0)
  t.equal(countOf(reverse.output, /"level":40[^\n]*NODE_ENV/), 1)
  t.match(reverse.output, `NODE_ENV is \\"development\\"`)

  for (const [dev, value] of [
    [true, 'development'],
    [true, 'test'],
    [false, 'production']
  ] as const) {
    const quiet = await outputOf(t, { dir: dev ? dir : built, dev }, { env: { NODE_ENV: value } })
    t.equal(quiet.code, 0)
    t.notMatch(quiet.output, 'NODE_ENV')
  }
})
