import { createRequire } from 'node:module'
import { stripVTControlCharacters } from 'node:util'
import t, { type Test } from 'tap'
import { builtFixture, fixturePath } from './helpers/fixture.js'
import { linesOf } from './helpers/printed.js'
import { buildPlugin, repositoryPath, startServer } from './helpers/process.js'

const LISTENING = /^Listening on (\S+)/m
/** Next's symbols, and colours. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there.
const OF_TERMINALS = /[○✓⚠⨯▲»]|\x1b/

const { version } = createRequire(fixturePath('package.json'))('next/package.json')
const saysNothingOfItsConfig = version.startsWith('16.2.')

interface Run {
  server?: object
  options?: object
  paths: string[]
  env?: NodeJS.ProcessEnv
}

/** For Next, as on a terminal. */
const COLOURED = { FORCE_COLOR: '1', NO_COLOR: undefined }

/** Serves the app from a process of its own, asks for the paths, and ends it. */
async function run(
  t: Test,
  { server: settings = { logger: true }, options, paths, env = COLOURED }: Run
) {
  await buildPlugin()
  const dir = await builtFixture('logs')
  const args = [JSON.stringify({ dir, dev: false, ...options }), JSON.stringify(settings)]
  const script = repositoryPath('test', 'processes', 'plain-server.mjs')
  const server = await startServer(t, script, LISTENING, { args, env })
  const pages: string[] = []
  for (const path of paths) pages.push(await (await fetch(server.url + path)).text())
  await server.stop()
  return { pages, output: server.output(), ...linesOf(server.output()) }
}

t.test('the error of a page is logged once, with what finds it again', async t => {
  const { pages, log, others } = await run(t, { paths: ['/', '/throws/one'] })
  const errors = log.filter(({ level }) => level === 50)
  t.equal(errors.length, 1)
  const [digest] =
    String(pages[1]).match(/(?<="digest":"|digest=")\d+|(?<=\\"digest\\":\\")\d+/) ?? []
  t.ok(digest, 'the browser is shown a digest')
  t.match(errors[0], {
    module: 'next',
    reqId: 'req-2',
    route: '/throws/[slug]',
    digest,
    msg: 'The page one has failed',
    err: { type: 'Error', message: 'The page one has failed', stack: /\n {4}at /, digest }
  })
  t.strictSame(
    others.filter(line => !LISTENING.test(line)),
    [],
    'nothing beside the log'
  )
})

t.test('so is one of the Pages Router', async t => {
  const { log } = await run(t, { paths: ['/legacy/one'] })
  t.match(
    log.filter(({ level }) => level === 50),
    [
      {
        reqId: 'req-1',
        route: '/legacy/[slug]',
        err: { message: 'The legacy page one has failed' }
      }
    ]
  )
})

t.test('what a page prints is logged on its level, with the request', async t => {
  const logger = { level: 'trace' }
  const { log } = await run(t, { server: { logger }, paths: ['/', '/says', '/after'] })
  const ofPages = log.filter(({ module, reqId }) => module === 'next' && reqId)
  t.match(ofPages, [
    { level: 30, reqId: 'req-2', msg: "Said with log { by: 'a page' }" },
    { level: 30, reqId: 'req-2', msg: '✓ Said with info' },
    { level: 20, reqId: 'req-2', msg: 'Said with debug' },
    { level: 40, reqId: 'req-2', msg: 'Said with warn' },
    { level: 50, reqId: 'req-2', msg: 'Said with error' },
    { level: 50, reqId: 'req-2', msg: 'Said with an error', err: { message: 'The reason' } },
    { level: 30, reqId: 'req-2', msg: /^┌─+.*\n.*said.*\n.*\n.*with table.*\n└─+.*┘$/ },
    { level: 30, reqId: 'req-2', msg: "{ said: 'with dir' }" },
    { level: 30, reqId: 'req-3', msg: 'Said after the answer' }
  ])
  t.equal(ofPages.length, 9)
})

t.test('what Next says as it starts is logged, without what is for terminals', async t => {
  const { log, others } = await run(t, { paths: ['/'] })
  const ofNext = log.filter(({ module }) => module === 'next')
  t.match(ofNext, [
    { level: 40, msg: /^Invalid next\.config\.mjs options detected/ },
    { level: 40, msg: /unknownOption/ },
    { level: 40, msg: /invalid-next-config/ },
    ...(saysNothingOfItsConfig ? [] : [{ level: 30, msg: /^Running next\.config\.mjs took/ }]),
    { level: 30, msg: 'Said at the start' }
  ])
  for (const { msg } of ofNext) t.notMatch(msg, OF_TERMINALS)
  t.strictSame(
    others.filter(line => !LISTENING.test(line)),
    []
  )
  const addresses = log.filter(({ msg }) => /https?:\/\/(localhost|\d)/.test(msg))
  t.ok(addresses.length > 0)
  t.ok(addresses.every(({ msg }) => msg.startsWith('Server listening at ')))
})

t.test('where nothing takes errors Next is silent, and pages have the console', async t => {
  const paths = ['/', '/throws/one', '/says', '/after']
  for (const logger of [false, { level: 'fatal' }, { level: 'silent' }]) {
    const { others } = await run(t, { server: { logger }, paths, env: {} })
    const lines = others.filter(line => !/^(Listening| {4}at |[┌│├└])/.test(line))
    t.strictSame(
      lines,
      [
        'Said at the start',
        "Said with log { by: 'a page' }",
        '✓ Said with info',
        'Said with debug',
        'Said with warn',
        'Said with error',
        'Said with an error: Error: The reason',
        "{ said: 'with dir' }",
        'Said after the answer'
      ],
      JSON.stringify(logger)
    )
  }
})

t.test('logLevel is that of what its requests say', async t => {
  const options = { logLevel: 'error' }
  const { log } = await run(t, { options, paths: ['/says'] })
  const ofPages = log.filter(({ reqId }) => reqId)
  t.strictSame(
    ofPages.map(({ msg }) => msg),
    ['Said with error', 'Said with an error']
  )
})

t.test('pino-pretty shows it as text', async t => {
  const logger = { transport: { target: 'pino-pretty' } }
  const { output } = await run(t, { server: { logger }, paths: ['/', '/throws/one', '/says'] })
  const text = stripVTControlCharacters(output)
  t.match(
    text,
    /ERROR \(\d+\): The page one has failed\n {4}reqId: "req-2"\n {4}module: "next"\n(?: {4}.*\n)*? {4}route: "\/throws\/\[slug\]"\n {4}digest: "\d+"\n/
  )
  t.match(text, /INFO \(\d+\): Said with log \{ by: 'a page' \}\n {4}reqId: "req-3"/)
  t.equal(text.match(/"message": "The page one has failed"/g)?.length, 1)
})
