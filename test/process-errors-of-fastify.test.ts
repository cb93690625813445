import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { builtFixture } from './helpers/fixture.js'
import { count } from './helpers/lane.js'
import { buildPlugin, repositoryPath, startServer } from './helpers/process.js'

const SCRIPT = repositoryPath('test', 'processes', 'process-errors.mjs')
const fixture = 'process-errors'

interface Visit {
  path: string
  headers?: Record<string, string>
}

interface Run {
  visits: Visit[]
  listeners?: string
  env?: NodeJS.ProcessEnv
}

type Outcome = Awaited<ReturnType<typeof outcome>>

const KINDS = ['timer', 'rejection', 'microtask', 'tick', 'reason']
const MODES = ['warn', 'strict', 'none']

const toFastify = (kind: string): Visit => ({ path: `/own/${kind}` })

/** What a server does that is visited so: how it ends, and what it and Node print, sorted. */
async function outcome(t: Test, withNext: boolean, { visits, listeners = '', env }: Run) {
  const options = withNext ? { dir: await builtFixture(fixture), dev: false } : null
  const server = await startServer(t, SCRIPT, /^Listening on (\S+)/m, {
    args: [JSON.stringify(options), listeners],
    env: { NODE_ENV: 'production', ...env }
  })
  let lives = true
  for (const { path, headers = {} } of visits) {
    // The process may end before it has answered.
    const answer = await fetch(server.url + path, { headers }).catch(() => undefined)
    await answer?.text().catch(() => {})
    // Its timer ends after those of the handler.
    lives = await fetch(`${server.url}/later`).then(
      ({ ok }) => ok,
      () => false
    )
  }
  const exit = await (lives ? server.stop() : server.end())
  return { ...exit, printed: linesOf(server.output()) }
}

/** Without the log, and without the numbers of processes, promises and lines. */
function linesOf(output: string): string[] {
  // Reading the stack of a rejected error, as the plugin does, has Node show another line there.
  const excerpt = /^(file|node):\S+:\d+\n.*\n *\^+\n/gm
  const lines = output
    .replace(excerpt, '')
    .split('\n')
    .filter(line => !/^(\{"level"|Listening on|✓|$)/.test(line))
  return lines.map(line => line.replace(/\d+/g, 'N')).sort()
}

async function sameWithNext(t: Test, run: Run, page = '/errors/timer'): Promise<Outcome> {
  const visits = [{ path: '/' }, { path: page }, ...run.visits]
  const [without, withNext] = await Promise.all([
    outcome(t, false, run),
    outcome(t, true, { ...run, visits })
  ])
  t.strictSame(withNext, without)
  return without
}

t.before(() => buildPlugin())

t.test('an error of Fastify code that nobody catches ends the process', async t => {
  for (const kind of KINDS.slice(0, count(2, KINDS.length))) {
    const { code, printed } = await sameWithNext(t, { visits: [toFastify(kind)] })
    t.equal(code, 1, kind)
    t.ok(printed.includes('exit N'), kind)
  }
})

t.test('so does one of a hook that runs around a page', async t => {
  for (const [hook, path] of [
    ['on-send', '/'],
    ['on-response', '/late']
  ] as const) {
    const visits = [{ path, headers: { [hook]: 'timer' } }]
    const { code, printed } = await outcome(t, true, { visits })
    t.equal(code, 1, `${hook} ${path}`)
    t.ok(printed.includes('Error: Left by Fastify'), `${hook} ${path}`)
  }
})

t.test('the listeners of others run as without Next', async t => {
  const listeners = [
    'uncaughtExceptionMonitor:on:before',
    'uncaughtException:on:before',
    'uncaughtException:once:after',
    'uncaughtException:prependListener:after',
    'unhandledRejection:once:before',
    'unhandledRejection:on:after'
  ]
  const kinds = ['timer', 'timer', 'rejection', 'rejection', 'late', 'timer']
  const run = { listeners: listeners.join(), visits: kinds.map(toFastify) }
  const { code, printed } = await sameWithNext(t, run, '/late')
  t.equal(code, 0)
  const told = listeners.map(listener => {
    const name = listener.replaceAll(':', ' ')
    return printed.filter(line => line.startsWith(name)).length
  })
  t.strictSame(told, [3, 3, 1, 3, 1, 3])
  t.match(printed.join('\n'), 'PromiseRejectionHandledWarning')
})

t.test('one that is added while the server runs counts at once', async t => {
  const { code, printed } = await sameWithNext(t, { visits: ['listen', 'timer'].map(toFastify) })
  t.equal(code, 0)
  t.ok(printed.includes('late: Left by Fastify'))
})

t.test('the modes of Node for rejections are kept', async t => {
  for (const mode of MODES.slice(0, count(1, MODES.length))) {
    const env = { NODE_OPTIONS: `--unhandled-rejections=${mode}` }
    const { code } = await sameWithNext(t, { env, visits: [toFastify('rejection')] })
    t.equal(code, mode === 'strict' ? 1 : 0, mode)
  }
})

t.test('a process without stacks ends as well', async t => {
  const env = { NODE_OPTIONS: '--stack-trace-limit=0' }
  const { code } = await sameWithNext(t, { env, visits: [toFastify('timer')] })
  t.equal(code, 1)
})

t.test('signal-exit, which replaces process.emit(), changes nothing', async t => {
  const errors = [{ path: '/errors/timer' }, toFastify('timer')]
  for (const steps of [['exit-on', 'exit-off'], ['exit-on']]) {
    const visits = [...errors, ...steps.flatMap(step => [toFastify(step), ...errors])]
    const run = { listeners: 'uncaughtException:on:before', visits }
    const { code, printed } = await sameWithNext(t, run)
    t.equal(code, 0, steps.join())
    const told = printed.filter(line => line.startsWith('uncaughtException on before'))
    t.equal(told.length, steps.length + 1, steps.join())
    t.ok(printed.includes('emit is the same'), steps.join())
  }
})

t.test('the listeners of the app itself are told of all errors', async t => {
  const { code, printed } = await outcome(t, true, {
    listeners: 'unhandledRejection:on:app,unhandledRejection:on:after,uncaughtException:on:app',
    visits: [toFastify('rejection'), { path: '/errors/rejection' }, { path: '/errors/timer' }]
  })
  t.equal(code, 0)
  t.strictSame(
    printed.filter(line => line.includes(': Left by')),
    [
      'uncaughtException on app: Left by Next',
      'unhandledRejection on after: Left by Fastify',
      'unhandledRejection on app: Left by Fastify',
      'unhandledRejection on app: Left by Next'
    ]
  )
})

t.test('a failed start ends the process', async t => {
  const taken = createServer().listen(0, '127.0.0.1')
  t.teardown(() => taken.close())
  await once(taken, 'listening')
  const { port } = taken.address() as AddressInfo
  const options = { dir: await builtFixture(fixture), dev: false }
  const env = { ...process.env, NODE_OPTIONS: '', NODE_ENV: 'production', PORT: String(port) }
  const run = promisify(execFile)(process.execPath, [SCRIPT, JSON.stringify(options)], {
    env: env as NodeJS.ProcessEnv,
    timeout: 30_000
  })
  const { code, stdout, stderr } = (await run.catch(error => error)) as {
    code?: number
    stdout: string
    stderr: string
  }
  t.equal(code, 1)
  t.match(stdout, /^exit 1$/m)
  t.match(stderr, /Error: listen EADDRINUSE.*\n {4}at /)
})
