// Times of the development server, in interleaved pairs on copies of one app: the plugin against
// `next dev`, which is also measured against itself. From the start of the process to the first 200
// of a page, with and without what an earlier start has left on the disk, and from an edit of a
// component, on the server and in the browser, to what Chromium shows. PAIRS says how many pairs,
// WEBPACK=1 has webpack in place of Turbopack.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { cp, readFile, rm, writeFile } from 'node:fs/promises'
import { get } from 'node:http'
import { createRequire } from 'node:module'
import { join, sep } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'
import { median, summary } from './statistics.mjs'

const PAIRS = Number(process.env.PAIRS ?? 15)
const EDITS = 3
const BOUND_MS = 120_000
const LOOK_INTERVAL_MS = 5
const isWebpack = process.env.WEBPACK === '1'

const path = name => fileURLToPath(new URL(name, import.meta.url))
const nextBin = createRequire(import.meta.url).resolve('next/dist/bin/next')
const fixture = path('../fixtures/edited')
const { NODE_ENV: _env, ...inherited } = process.env
const env = { ...inherited, NEXT_TELEMETRY_DISABLED: '1' }
const chromiumPath = [
  process.env.CHROMIUM_PATH,
  '/usr/bin/chromium',
  '/usr/bin/google-chrome'
].find(candidate => candidate && existsSync(candidate))

const nextDev = ({ dir, port }) => [
  ...[nextBin, 'dev', dir, '-p', String(port), '-H', '127.0.0.1'],
  ...(isWebpack ? ['--webpack'] : [])
]
const plugin = ({ dir, port }) => [
  ...[path('./development-server.mjs'), dir, String(port)],
  ...(isWebpack ? ['webpack'] : [])
]

const sides = [
  { name: 'plugin', port: 4411, command: plugin },
  { name: 'next dev', port: 4412, command: nextDev },
  { name: 'next dev again', port: 4413, command: nextDev }
].map(side => ({ ...side, dir: path(`../fixtures/.bench-development-${side.port}`) }))

/** In the texts of these files, with where the browser shows them. */
const edits = {
  'edit of a Server Component': { file: 'app/page.jsx', text: 'Server one', selector: 'h1' },
  'edit of a Client Component': { file: 'app/client.jsx', text: 'Client one', selector: 'h2' }
}
/** React has taken over. */
const IS_HYDRATED = `Object.keys(document.querySelector('button')).some(key => key.startsWith('__reactProps$'))`
const times = {}

function note(what, side, ms) {
  times[what] ??= new Map(sides.map(({ name }) => [name, []]))
  times[what].get(side.name).push(ms)
}

/** The status of an answer, once all of it is there; `undefined` while nobody listens. */
async function statusOf(port) {
  try {
    const [response] = await once(get({ port, host: '127.0.0.1', agent: false }), 'response')
    await once(response.resume(), 'end')
    return response.statusCode
  } catch {
    return undefined
  }
}

/** Starts a side, and waits for its first page. */
async function start(side, what) {
  const begun = performance.now()
  const child = spawn(process.execPath, side.command(side), {
    detached: true,
    env,
    stdio: ['ignore', 'ignore', 'inherit']
  })
  const kill = () => process.kill(-child.pid, 'SIGKILL')
  process.once('exit', kill)
  for (;;) {
    const status = await statusOf(side.port)
    if (status === 200) break
    if (status !== undefined) throw new Error(`${side.name} answers with ${status}`)
    if (child.exitCode !== null) throw new Error(`${side.name} has ended`)
    if (performance.now() - begun > BOUND_MS) throw new Error(`${side.name} has no page`)
    await delay(LOOK_INTERVAL_MS)
  }
  note(what, side, performance.now() - begun)
  return async () => {
    process.off('exit', kill)
    // It keeps what it has compiled as it ends.
    process.kill(-child.pid, 'SIGTERM')
    await once(child, 'exit')
    while (groupRuns(child.pid)) await delay(LOOK_INTERVAL_MS)
  }
}

function groupRuns(group) {
  try {
    return process.kill(-group, 0)
  } catch {
    return false
  }
}

async function reload(side, browser) {
  const page = await browser.newPage()
  page.setDefaultTimeout(BOUND_MS)
  const connected = page.waitForEvent('console', message =>
    message.text().includes('[HMR] connected')
  )
  await page.goto(`http://127.0.0.1:${side.port}/`)
  await connected
  await page.waitForFunction(IS_HYDRATED)
  for (const [what, { file, text, selector }] of Object.entries(edits)) {
    const source = join(side.dir, file)
    const original = await readFile(source, 'utf8')
    // The first one of a kind compiles what the later ones need, too.
    for (let edit = 0; edit <= EDITS; edit++) {
      const shown = `${text} ${edit}`
      const begun = performance.now()
      await writeFile(source, original.replace(text, shown))
      await page.waitForFunction(
        `document.querySelector('${selector}')?.textContent === '${shown}'`
      )
      if (edit > 0) note(what, side, performance.now() - begun)
    }
    await writeFile(source, original)
    await page.waitForFunction(`document.querySelector('${selector}')?.textContent === '${text}'`)
  }
  await page.close()
}

async function measure(side, browser) {
  await rm(join(side.dir, '.next'), { force: true, recursive: true })
  const stopCold = await start(side, 'start, nothing on the disk')
  await reload(side, browser)
  await stopCold()
  const stopWarm = await start(side, 'start, compiled before')
  await stopWarm()
}

function row(values) {
  const [least, most] = [Math.min(...values), Math.max(...values)].map(Math.round)
  return `${Math.round(median(values))} (${least}–${most})`
}

function ratio(side, of) {
  return summary(side.map((time, index) => time / of[index]))
}

const browser = await chromium.launch({ args: ['--no-sandbox'], executablePath: chromiumPath })
try {
  for (const { dir } of sides) {
    await rm(dir, { force: true, recursive: true })
    const filter = source => !`${source}${sep}`.includes(`${sep}.next${sep}`)
    await cp(fixture, dir, { filter, recursive: true })
  }
  for (let pair = 0; pair < PAIRS; pair++) {
    for (const side of pair % 2 ? sides : sides.toReversed()) await measure(side, browser)
    console.log(`pair ${pair + 1} of ${PAIRS}`)
  }
} finally {
  await browser.close()
  for (const { dir } of sides) await rm(dir, { force: true, recursive: true })
}

console.log(
  `ms: the median, and the range, of ${PAIRS} pairs, ${isWebpack ? 'webpack' : 'Turbopack'}`
)
for (const [what, bySide] of Object.entries(times)) {
  const [ours, next, again] = sides.map(({ name }) => bySide.get(name))
  console.log(`${what}
  plugin ${row(ours)}, next dev ${row(next)}
  plugin / next dev ${ratio(ours, next)}, next dev / next dev ${ratio(again, next)}`)
}
