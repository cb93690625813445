// npm run soak: a mixed load for a long time. Prints what the server needs for it, and fails when a
// request does. MINUTES (10), RATE (requests a second, 100) and EVERY (seconds between lines, 30) are
// environment variables.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const MINUTES = Number(process.env.MINUTES ?? 10)
const RATE = Number(process.env.RATE ?? 100)
const EVERY_S = Number(process.env.EVERY ?? 30)
/** The part of the time in which memory grows as caches and compiled code do. */
const WARM_UP = 0.2
/** The part of the requests whose client leaves before the end. */
const ABORTS = 0.1
const BOUND_MS = 20_000

/** What is asked for, with its part in 100 requests, and what its answer has at its end. */
const PAGES = [
  { path: '/static', part: 70, end: /<\/html>$/ },
  { path: '/isr', part: 15, end: /<\/html>$/ },
  { path: '/dynamic', part: 10, end: /<\/html>$/ },
  { path: '/stream', part: 5, end: /id="late".*<\/html>$/s }
]
const mix = PAGES.flatMap(page => Array(page.part).fill(page))

const server = fork(
  fileURLToPath(new URL('server.mjs', import.meta.url)),
  [fileURLToPath(new URL('../fixtures/soak', import.meta.url))],
  { execArgv: ['--expose-gc'], env: { ...process.env, NEXT_TELEMETRY_DISABLED: '1' } }
)
const exited = once(server, 'exit')
const [port] = await once(server, 'message')
const agent = new Agent({ keepAlive: true })
const counts = { requests: 0, aborted: 0, failures: 0 }

function fail(path, problem) {
  counts.failures++
  console.error(`${path}: ${problem}`)
}

function ask({ path, end }, leaves) {
  return new Promise(resolve => {
    counts.requests++
    const outgoing = request({ agent, host: '127.0.0.1', port, path })
    const onError = leaves ? () => {} : error => fail(path, error.message)
    outgoing.on('close', resolve)
    outgoing.on('error', onError)
    outgoing.setTimeout(BOUND_MS, () => outgoing.destroy(new Error('no answer in time')))
    if (leaves) {
      counts.aborted++
      // Before the head or in the body, as it comes.
      setTimeout(() => outgoing.destroy(), Math.random() * 20)
    }
    outgoing.on('response', response => {
      let body = ''
      response.setEncoding('utf8').on('data', text => {
        body += text
      })
      response.on('error', onError)
      response.on('end', () => {
        if (response.statusCode !== 200 || !end.test(body)) {
          fail(path, `${response.statusCode} ${body.slice(-100)}`)
        }
      })
    })
    outgoing.end()
  })
}

/** Sends requests at the rate, whatever becomes of them, until a time. */
async function load(until) {
  const begin = Date.now()
  const pending = new Set()
  for (let sent = 0; Date.now() < until; await delay(5)) {
    for (const due = ((Date.now() - begin) / 1000) * RATE; sent < due; sent++) {
      const page = mix[Math.floor(Math.random() * mix.length)]
      const asked = ask(page, Math.random() < ABORTS).then(() => pending.delete(asked))
      pending.add(asked)
    }
  }
  await Promise.all(pending)
}

async function figures() {
  const answered = once(server, 'message')
  server.send('figures')
  return (await answered)[0]
}

const COLUMNS =
  'minute | RSS, MB | heap, MB | sockets | handles | delay p99, ms | requests | failures'
const rows = []

function print(minute, { rss, heap, sockets, handles, delay }) {
  rows.push({ minute, rss })
  const cells = [minute, rss, heap].map(number => number.toFixed(1))
  cells.push(sockets, handles, delay.toFixed(1), counts.requests, counts.failures)
  console.log(`| ${cells.join(' | ')} |`)
}

/** Of the line through the points with the least squares. */
function slope(points) {
  const mean = key => points.reduce((sum, point) => sum + point[key], 0) / points.length
  const x = mean('minute')
  const y = mean('rss')
  const over = points.reduce((sum, { minute, rss }) => sum + (minute - x) * (rss - y), 0)
  return over / points.reduce((sum, { minute }) => sum + (minute - x) ** 2, 0)
}

console.log(`${MINUTES} minutes of ${RATE} requests a second, Node.js ${process.version}`)
console.log(`| ${COLUMNS} |\n| ${COLUMNS.replace(/[^|]+/g, ' --- ').trim()} |`)
const begin = Date.now()
print(0, await figures())
const loaded = load(begin + MINUTES * 60_000)
let isOver = false
loaded.then(() => {
  isOver = true
})
while (!isOver) {
  await Promise.race([loaded, delay(EVERY_S * 1000)])
  print((Date.now() - begin) / 60_000, await figures())
}

agent.destroy()
// Until the server has noticed, and background work is done.
await delay(2_000)
print((Date.now() - begin) / 60_000, await figures())
const warm = rows.slice(0, -1).filter(({ minute }) => minute >= MINUTES * WARM_UP)
const perTenMinutes = (slope(warm) * 10).toFixed(1)
console.log(`RSS after the warm-up: ${perTenMinutes} MB in 10 minutes; ${counts.aborted} aborted`)
server.kill('SIGTERM')
const [code] = await exited
if (code !== 0) fail('exit', code)
process.exitCode = counts.failures > 0 ? 1 : 0
