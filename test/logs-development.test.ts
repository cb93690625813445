import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import t, { type Test } from 'tap'
import WebSocket from 'ws'
import { editable } from './helpers/editable.js'
import { type Logged, linesOf, untilPrinted } from './helpers/printed.js'
import { buildPlugin, repositoryPath, startServer } from './helpers/process.js'

/** A first compile on a busy machine. */
const COMPILE_MS = 60_000
const LISTENING = /^Listening on (\S+)/m
const ADDRESS = /https?:\/\/(localhost|127)/
/** Next's symbols, and colours. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there.
const OF_TERMINALS = /[○⚠⨯▲»│└]|\x1b/
const PAGE = 'app/broken/page.jsx'
const BROKEN = 'export default function Page() {\n  return <p>Broken</div>\n}\n'

interface Run {
  server?: object
  options?: object
}

async function serveApp(t: Test, { server: settings = { logger: true }, options }: Run) {
  await buildPlugin()
  // Two servers of development can not have one directory.
  const { dir, edit } = await editable(t, 'logs')
  const args = [JSON.stringify({ dir, dev: true, ...options }), JSON.stringify(settings)]
  const script = repositoryPath('test', 'processes', 'plain-server.mjs')
  const server = await startServer(t, script, LISTENING, {
    args,
    env: { FORCE_COLOR: '1', NO_COLOR: undefined }
  })
  return {
    dir,
    edit,
    server,
    log: () => linesOf(server.output()).log,
    others: () => linesOf(server.output()).others.filter(line => !LISTENING.test(line)),
    async visit(path: string) {
      const page = await fetch(server.url + path, { signal: AbortSignal.timeout(COMPILE_MS) })
      return page.text()
    },
    until: (pattern: RegExp) => untilPrinted(server, pattern)
  }
}

t.test('what `next dev` prints is in the log, once, and nothing is beside it', async t => {
  const { server, log, others, visit, until } = await serveApp(t, {})
  await until(/"Ready in \d+ms"/)
  await visit('/')
  const html = await visit('/throws/one')
  await visit('/legacy/one')
  await visit('/params/one')
  await visit('/after')
  await until(/GET \/after 200/)
  await until(/Said after the answer/)
  await server.stop('SIGKILL')

  // Next says so when it takes a while.
  const isCompiling = ({ msg }: Logged) => /^Compiling \/.* \.\.\.$/.test(msg)
  const ofNext = log().filter(line => line.module === 'next' && !isCompiling(line))
  t.match(ofNext.slice(0, 6), [
    { level: 40, msg: /^Invalid next\.config\.mjs options detected/ },
    { level: 40, msg: /unknownOption/ },
    { level: 40, msg: /invalid-next-config/ },
    { level: 30, msg: /^Running next\.config\.mjs took/ },
    { level: 30, msg: 'Said at the start' },
    { level: 30, msg: /^Ready in \d+ms$/ }
  ])
  t.ok(ofNext.slice(0, 6).every(({ reqId }) => reqId === undefined))

  const ofRequest = (id: string) => ofNext.filter(({ reqId }) => reqId === id)
  t.match(ofRequest('req-1'), [{ level: 30, msg: /^GET \/ 200 in [\d.]+m?s \(next\.js: / }])
  t.equal(ofRequest('req-1').length, 1)

  const [error, request, ...more] = ofRequest('req-2')
  t.match(error, {
    level: 50,
    route: '/throws/[slug]',
    digest: /^\d+$/,
    msg: 'The page one has failed',
    err: {
      type: 'Error',
      message: 'The page one has failed',
      stack:
        /^Error: The page one has failed\n {4}at Page \(.*page\.jsx:3:9\)\n(.*\n)*> 3 \| {3}throw new Error.*\n {4}\| +\^\n/
    }
  })
  t.match(html, String(error?.digest), 'the browser is shown the digest')
  t.match(request, { level: 30, msg: /^GET \/throws\/one 500 in / })
  t.strictSame(more, [])

  const ofPagesRouter = ofRequest('req-3').filter(({ err }) => err)
  t.match(ofPagesRouter, [{ level: 50, route: '/legacy/[slug]', err: { stack: /\n> 2 \| / } }])
  t.equal(ofPagesRouter.length, 1, 'Next itself prints it twice')

  const ofWorker = ofNext.filter(({ msg }) => msg === 'Said for the params')
  t.match(ofWorker, [{ level: 30, reqId: undefined }])
  t.equal(ofWorker.length, 1)
  t.match(
    ofRequest('req-5')
      .map(({ msg }) => msg)
      .sort(),
    [/^GET \/after 200/, 'Said after the answer']
  )

  for (const { msg } of ofNext) t.notMatch(msg, OF_TERMINALS)
  const addresses = log().filter(({ msg }) => ADDRESS.test(msg))
  t.ok(addresses.every(({ msg }) => msg.startsWith(`Server listening at ${server.url}`)))
  t.strictSame(others(), [])
})

t.test('a page that does not compile, and that compiles again', async t => {
  const { dir, edit, server, log, others, visit, until } = await serveApp(t, {})
  await mkdir(join(dir, 'app', 'broken'))
  await writeFile(join(dir, PAGE), BROKEN)
  await visit('/broken')
  await until(/GET \/broken 500/)
  // As an open tab does, for which Next compiles what is edited.
  const url = server.url.replace('http', 'ws')
  const tab = new WebSocket(`${url}/_next/hmr?id=tab`, { origin: server.url })
  t.teardown(() => tab.terminate())
  await once(tab, 'open')
  await edit(PAGE, '</div>', '</p>')
  await until(/"Compiled in /)
  const errors = log().filter(({ msg }) => msg.includes('Parsing ecmascript'))
  t.match(errors, [
    {
      level: 50,
      module: 'next',
      reqId: 'req-1',
      msg: /^\.\/.*page\.jsx:2:\d+\n(.*\n)*> 2 \| {3}return <p>Broken<\/div>\n/
    }
  ])
  t.equal(errors.length, 1)
  const compiled = log().filter(({ msg }) => msg.startsWith('Compiled in '))
  t.match(compiled, [{ level: 30, module: 'next' }])
  for (const { msg } of log()) t.notMatch(msg, OF_TERMINALS)
  t.strictSame(others(), [])
  await server.stop('SIGKILL')
})

t.test('pino-pretty shows the code around an error', async t => {
  const logger = { transport: { target: 'pino-pretty' } }
  const { server, visit, until } = await serveApp(t, { server: { logger } })
  await visit('/throws/one')
  await until(/GET \/throws\/one 500/)
  const text = stripVTControlCharacters(server.output())
  t.match(text, /ERROR \(\d+\): The page one has failed\n {4}reqId: "req-1"\n/)
  t.match(text, /\n {4}route: "\/throws\/\[slug\]"\n {4}digest: "\d+"\n/)
  t.match(text, /\n +> 3 \| {3}throw new Error\(`The page \$\{slug\} has failed`\)\n +\| +\^\n/)
  t.equal(text.match(/> 3 \|/g)?.length, 1, 'once')
  t.match(text, /INFO \(\d+\): GET \/throws\/one 500 in /)
  await server.stop('SIGKILL')
})

t.test('with webpack', async t => {
  const { server, log, others, visit, until } = await serveApp(t, { options: { webpack: true } })
  await visit('/throws/one')
  await until(/GET \/throws\/one 500/)
  const errors = log().filter(({ level }) => level === 50)
  t.match(errors, [{ reqId: 'req-1', route: '/throws/[slug]', msg: 'The page one has failed' }])
  t.equal(errors.length, 1)
  t.strictSame(others(), [])
  await server.stop('SIGKILL')
})

t.test('without a logger Next is silent', async t => {
  const { server, others, visit, until } = await serveApp(t, { server: { logger: false } })
  await visit('/throws/one')
  await visit('/after')
  await until(/Said after the answer/)
  t.strictSame(others().map(stripVTControlCharacters), [
    'Said at the start',
    'Said after the answer'
  ])
  await server.stop('SIGKILL')
})
