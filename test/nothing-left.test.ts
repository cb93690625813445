import { rm } from 'node:fs/promises'
import t, { type Test } from 'tap'
import { builtFixture, fixturePath } from './helpers/fixture.js'
import { buildPlugin, repositoryPath, startServer } from './helpers/process.js'

/** For a process that is to exit by itself, on a busy machine. */
const EXIT_MS = 60_000

/** Resolves when the app was served and closed in a process of its own; `url` is the port. */
async function openAndClose(t: Test, options: object, paths: string[]) {
  await buildPlugin()
  const script = repositoryPath('test', 'processes', 'open-and-close.mjs')
  const args = [JSON.stringify(options), ...paths]
  // A first compile on a busy machine.
  return startServer(t, script, /^Closed (\d+)$/m, { args, bound: 60_000 })
}

t.test('in production the process exits by itself', async t => {
  const dir = await builtFixture('app')
  const paths = ['/static', '/dynamic', '/after', '/isr', '/stream', '/hello.txt', '/legacy']
  const server = await openAndClose(t, { dir, dev: false }, paths)
  t.strictSame(await server.end(EXIT_MS), { code: 0, signal: null })
})

t.test('so it does in development with webpack', async t => {
  const server = await openAndClose(t, { dir: fixturePath('plain'), dev: true, webpack: true }, [
    '/'
  ])
  t.strictSame(await server.end(EXIT_MS), { code: 0, signal: null })
})

t.test('with Turbopack, whose threads stay, all else is free', async t => {
  const options = { dir: fixturePath('plain'), dev: true }
  const first = await openAndClose(t, options, ['/'])
  const port = Number(first.url)
  // Next ends the process when the lock of another development server is held.
  const second = await openAndClose(t, { ...options, port }, ['/'])
  t.equal(Number(second.url), port)
  for (const server of [first, second]) await server.stop('SIGKILL')
})

for (const bundler of ['webpack', 'turbopack']) {
  t.test(`close() resolves during a first compile, with ${bundler}`, async t => {
    const dir = fixturePath('plain')
    await rm(fixturePath('plain', '.next', 'dev'), { force: true, recursive: true })
    const options = { dir, dev: true, [bundler]: true }
    const server = await openAndClose(t, options, ['/', 'during'])
    if (bundler === 'webpack') t.strictSame(await server.end(EXIT_MS), { code: 0, signal: null })
    else await server.stop('SIGKILL')
    // Nothing holds the directory.
    const next = await openAndClose(t, options, ['/'])
    await next.stop('SIGKILL')
  })
}
