import { once } from 'node:events'
import { request } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { startApp } from './helpers/app-process.js'
import { connection, get, until } from './helpers/connection.js'
import { builtFixture } from './helpers/fixture.js'
import { count } from './helpers/lane.js'
import { Backend, type Ending, Load, type Outcome } from './helpers/load.js'
import { buildExample, buildPlugin, repositoryPath, startServer } from './helpers/process.js'

const SCRIPT = repositoryPath('example', 'server.js')
const READY = /^Example ready on (http:\S+)$/m
/** Requests a second. */
const RATE = count(40, 200)
/** Far more than wait for a server that keeps up; one that can't would be asked for ever more. */
const MOST_WAITING = RATE
/** How long an exit is waited for, in ms. */
const BOUND = 30_000
/** What `/visits` does after its answer takes, in ms. */
const AFTER_MS = 2_000
/**
 * What an exit may take beyond the slowest page on a busy machine, in ms: far less than a connection
 * that stays open, or `closeTimeout`.
 */
const EXIT_MS = 1_500

/** What whole answers are: of pages that are static, dynamic, streamed, and with `after()`. */
const PAGES: Readonly<Record<string, RegExp>> = {
  '/': /Next\.js inside Fastify.*<\/html>$/s,
  '/guestbook': /Nobody has signed yet.*<\/html>$/s,
  '/stream': /data-testid="slow-part".*<\/html>$/s,
  '/visits': /data-testid="visit">\d+<.*<\/html>$/s
}

await buildPlugin()
await buildExample()

interface Delays {
  /** Of the load balancer, until it sends no more requests to a server that closes, in ms. */
  lag: number
  drainDelay: number
}

/** The example in a process of its own, and the connections of a load balancer to it. */
async function startBackend(t: Test, drainDelay = 0) {
  const env = { PORT: '0', DRAIN_DELAY: String(drainDelay) }
  const server = await startServer(t, SCRIPT, READY, { env })
  const url = server.url.replace('localhost', '127.0.0.1')
  const backend = new Backend(url, (path, body) => PAGES[path]?.test(body) ?? true)
  t.teardown(() => backend.close())
  return { server, backend }
}

/** Restarts the example again and again under one load; `check` is told how the requests have ended. */
async function restartUnderLoad(
  t: Test,
  rounds: number,
  { lag, drainDelay }: Delays,
  check: (t: Test, endings: readonly Ending[]) => void
): Promise<void> {
  let current = await startBackend(t, drainDelay)
  let following = current
  let leavesAt = Number.POSITIVE_INFINITY
  const load = new Load(RATE, Object.keys(PAGES), path => {
    const { backend } = performance.now() < leavesAt ? current : following
    if (backend.waiting < MOST_WAITING) backend.send(path)
  })
  t.teardown(() => load.stop())

  for (let round = 1; round <= rounds; round++) {
    following = await startBackend(t, drainDelay)
    await load.more(2 * RATE)
    const { server, backend } = current
    const toldAt = performance.now()
    leavesAt = toldAt + lag
    const exit = await server.stop('SIGTERM', drainDelay + BOUND)
    const exitedAt = performance.now()
    await delay(Math.max(0, leavesAt - exitedAt))
    current = following
    leavesAt = Number.POSITIVE_INFINITY
    await backend.settled()

    const { outcomes } = backend
    // A page with all that it does, when it has been asked for or was at work after the signal.
    const works = outcomes.flatMap(({ path, ending, endedAt, took }) => {
      const after = path === '/visits' ? AFTER_MS : 0
      const end = endedAt + after
      return ending.kind === 'answered' && end > toldAt ? [{ end, took: took + after }] : []
    })
    const slowest = Math.max(...works.map(({ took }) => took))
    const lastEnd = Math.max(toldAt + drainDelay, ...works.map(({ end }) => end))
    const took = exitedAt - toldAt - drainDelay
    const endings = outcomes.map(({ ending }) => ending)
    t.comment(`lag ${lag}, drainDelay ${drainDelay}`, { took, slowest, ...countKinds(endings) })
    t.strictSame(exit, { code: 0, signal: null })
    t.ok(exitedAt <= lastEnd + EXIT_MS, 'the process has ended when its work was done')
    // Of a balancer that has not noticed, pages begin later: on connections that streams have held.
    if (drainDelay >= lag) t.ok(took <= slowest + EXIT_MS, 'and in time')
    checkVisits(t, outcomes, server.output())
    check(t, endings)
  }
}

/** The work of `after()` was done before the end, for every request that has reached the page. */
function checkVisits(t: Test, outcomes: readonly Outcome[], output: string): void {
  // In the log, which the console of pages goes to until the app has closed.
  const noted = new Set(
    Array.from(output.matchAll(/"Visit (\d+) is noted"/g), ([, n]) => Number(n))
  )
  const last = Math.max(...noted)
  const answered = outcomes.flatMap(({ path, ending }) => {
    if (path !== '/visits' || ending.kind !== 'answered') return []
    return [Number(/data-testid="visit">(\d+)</.exec(ending.body)?.[1])]
  })
  t.ok(answered.length > 0)
  t.strictSame(
    answered.filter(visit => !noted.has(visit)),
    [],
    'each visit is noted'
  )
  t.equal(noted.size, last, 'and those whose answers have not arrived, too')
}

function countKinds(endings: readonly Ending[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { kind } of endings) counts[kind] = (counts[kind] ?? 0) + 1
  return counts
}

const problems = (endings: readonly Ending[]) =>
  endings.flatMap(ending => (ending.kind === 'failed' ? [ending.problem] : []))

const checkNothingLost = (t: Test, endings: readonly Ending[]): void => {
  t.strictSame(problems(endings), [])
}

for (const [lag, rounds] of [
  [0, count(2, 12)],
  [500, count(2, 12)],
  [5_000, count(0, 12)]
] as const) {
  const name = `no request fails with a load balancer that notices after ${lag} ms`
  t.test(name, { skip: rounds === 0 && 'in the long lane' }, async t => {
    await restartUnderLoad(t, rounds, { lag, drainDelay: lag }, (t, endings) => {
      checkNothingLost(t, endings)
      t.notOk(endings.some(({ kind }) => kind === 'refused'))
    })
  })
}

t.test('a drain delay that is too short has connections refused, and loses nothing', async t => {
  const delays = { lag: 1_000, drainDelay: 0 }
  await restartUnderLoad(t, count(1, 6), delays, checkNothingLost)
})

t.test('the example says that it will close, and serves', async t => {
  const { server, backend } = await startBackend(t, 3_000)
  const health = () => fetch(`${backend.url}/health`)
  t.equal((await health()).status, 200)
  const stopped = server.stop()
  await until('a health of 503', async () => (await health()).status === 503)
  backend.send('/')
  backend.send('/guestbook')
  await backend.settled()
  t.match(backend.outcomes, [{ ending: { kind: 'answered' } }, { ending: { kind: 'answered' } }])
  t.strictSame(await stopped, { code: 0, signal: null })
})

const ROW = ['/guestbook', '/', '/visits']

const answersIn = (text: string) => text.match(/HTTP\/1\.1 200 OK\r\n/g)?.length ?? 0

t.test('of requests in a row all are answered', async t => {
  const { server, backend } = await startBackend(t)
  const port = Number(new URL(backend.url).port)
  const rows = await Promise.all(Array.from({ length: 5 }, () => connection(t, port)))
  for (const { send, until } of rows) {
    send(['/stream', ...ROW].map(get).join(''))
    // What remains of it, and all behind it, is still to come at the signal.
    await until(/data-testid="skeleton"/)
  }
  const load = new Load(RATE, ROW, path => backend.send(path))
  t.teardown(() => load.stop())
  await load.more(1)
  load.stop()
  const stopped = server.stop('SIGTERM', BOUND)

  for (const { closed } of rows) {
    const text = await closed
    t.equal(answersIn(text), ROW.length)
    t.match(text, /<\/html>(\r\n0\r\n\r\n)?$/)
  }
  t.strictSame(await stopped, { code: 0, signal: null })
  await backend.settled()
  checkNothingLost(
    t,
    backend.outcomes.map(({ ending }) => ending)
  )
})

t.test('a client that never reads holds nothing up', async t => {
  const delays = { drainDelay: 300, closeTimeout: 1_000 }
  const server = await startApp(t, { dir: await builtFixture('app'), dev: false, ...delays })
  const outgoing = request(`${server.url}/api-route/endless`).on('error', () => {})
  outgoing.end()
  await once(outgoing, 'response')
  const toldAt = performance.now()
  t.strictSame(await server.stop(), { code: 0, signal: null })
  const took = performance.now() - toldAt
  const least = delays.drainDelay + delays.closeTimeout
  t.ok(took >= least && took <= least + EXIT_MS, `in ${took} ms`)
})
