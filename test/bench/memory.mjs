// Requests per second of what is answered from memory, in turns on one build: `next start`, the plugin, a
// route that sends the same bytes in a bare Fastify and in one with the plugin, and nginx with
// `gzip_static`. Needs wrk and nginx. RUNS says how many runs of each there are, of which the median
// counts, and ROWS which rows.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { get } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { startNginx } from './nginx.mjs'
import { nextStart, scriptServer } from './servers.mjs'
import { median } from './statistics.mjs'

const RUNS = Number(process.env.RUNS ?? 5)
const ROWS = new RegExp(process.env.ROWS ?? '')
const SECONDS = Number(process.env.SECONDS ?? 3)
const CONNECTIONS = 32
const PORTS = { next: 4411, plugin: 4412, bare: 4413, beside: 4415, nginx: 4414 }
const dir = process.env.APP ?? fileURLToPath(new URL('../fixtures/app', import.meta.url))
const work = mkdtempSync(join(tmpdir(), 'memory-'))

const chunks = join(dir, '.next', 'static', 'chunks')
const sizes = readdirSync(chunks)
  .filter(name => name.endsWith('.js'))
  .map(name => ({ name, size: statSync(join(chunks, name)).size }))
  .sort((one, other) => other.size - one.size)
const chunk = ({ name }) => ({
  path: `/_next/static/chunks/${name}`,
  headers: { 'accept-encoding': 'gzip, br' },
  file: join(chunks, name),
  coding: 'br'
})
const PREFETCH = {
  rsc: '1',
  'next-router-prefetch': '1',
  'next-router-segment-prefetch': '/_tree'
}
const rows = [
  { name: 'prerendered page', path: '/', headers: {} },
  { name: 'prerendered page, gzip', path: '/', headers: { 'accept-encoding': 'gzip, br' } },
  { name: 'ISR page, renewed each second', path: '/isr', headers: {}, changes: true },
  { name: 'RSC prefetch', path: '/static', headers: PREFETCH },
  { name: 'large chunk', ...chunk(sizes[0]) },
  { name: 'small chunk', ...chunk(sizes.find(({ size }) => size < 20_000)) }
].filter(({ name }) => ROWS.test(name))

function load(port, path, headers) {
  return new Promise((resolve, reject) => {
    get({ agent: false, headers, host: '127.0.0.1', path, port }, async answer => {
      const body = Buffer.concat(await answer.toArray())
      resolve({ status: answer.statusCode, headers: answer.headers, body })
    }).on('error', reject)
  })
}

/** The answer to a row, where Next sends the router on to its own URL. */
async function loadRow(port, row) {
  const answer = await load(port, row.path, row.headers)
  if (answer.status !== 307) return answer
  row.path = answer.headers.location
  return load(port, row.path, row.headers)
}

function decoded({ body, headers }) {
  const { 'content-encoding': coding } = headers
  return coding === 'br' ? brotliDecompressSync(body) : coding === 'gzip' ? gunzipSync(body) : body
}

/** Resolves to the plugin's answer, once it comes from memory and in the best coding. */
async function warmUp(row) {
  for (let attempt = 0; attempt < 200; attempt++) {
    const answer = await loadRow(PORTS.plugin, row)
    const isCoded = !row.coding || answer.headers['content-encoding'] === row.coding
    if (attempt > 3 && isCoded) return answer
    await new Promise(resolve => setTimeout(resolve, 50))
  }
  throw new Error(`${row.path} is not coded`)
}

async function assertSame(row, ports) {
  const answers = await Promise.all(ports.map(port => load(port, row.path, row.headers)))
  const [first, ...others] = answers.map(answer => decoded(answer).toString('latin1'))
  if (answers.some(({ status }) => status !== 200)) throw new Error(`${row.path} fails`)
  if (!row.changes && others.some(body => body !== first)) throw new Error(`${row.path} differs`)
  return answers.map(({ body }) => body.length)
}

function requestsPerSecond(port, { path, headers }) {
  const lines = Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`])
  const url = `http://127.0.0.1:${port}${path}`
  const args = ['-t1', `-c${CONNECTIONS}`, `-d${SECONDS}`, ...lines, url]
  const out = execFileSync('wrk', args, { encoding: 'utf8' })
  if (/Non-2xx|Socket errors/.test(out)) throw new Error(out)
  return Number(/Requests\/sec:\s+([\d.]+)/.exec(out)[1])
}

const next = nextStart(dir, PORTS.next)
const plugin = scriptServer('plugin', dir, PORTS.plugin)
const running = [next, plugin]
let nginx

try {
  for (const server of running) await server.listening()
  const kept = []
  for (const row of rows) {
    await loadRow(PORTS.next, row)
    const { body, headers } = await warmUp(row)
    for (const name of ['connection', 'date', 'keep-alive', 'transfer-encoding'])
      delete headers[name]
    // A route for each path is enough.
    row.isBare = kept.every(({ path }) => path !== row.path)
    if (row.isBare) kept.push({ path: row.path, headers, body: body.toString('base64') })
  }
  const file = join(work, 'kept.json')
  writeFileSync(file, JSON.stringify(kept))
  running.push(scriptServer('kept', file, PORTS.bare))
  running.push(scriptServer('kept', file, PORTS.beside, dir))
  for (const server of running.slice(-2)) await server.listening()
  nginx = startNginx(
    work,
    PORTS.nginx,
    rows.filter(({ file }) => file).map(({ file, path }) => ({ from: file, path }))
  )

  console.log(
    '| | `next start` | fastify-next | over `next start` | bare route | over that | route beside | over that | nginx | bytes |'
  )
  console.log('| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |')
  for (const row of rows) {
    const servers = Object.entries(PORTS)
      .filter(
        ([name]) =>
          (name !== 'nginx' || row.file) && (row.isBare || (name !== 'bare' && name !== 'beside'))
      )
      .map(([name]) => name)
    const [ofNext, ofPlugin] = await assertSame(
      row,
      servers.map(name => PORTS[name])
    )
    const rates = Object.fromEntries(servers.map(name => [name, []]))
    for (let run = 0; run <= RUNS; run++) {
      for (const name of servers) {
        const rate = requestsPerSecond(PORTS[name], row)
        // The first is for warming up.
        if (run > 0) rates[name].push(rate)
      }
    }
    const of = name => (rates[name] ? median(rates[name]) : undefined)
    const show = rate => (rate === undefined ? '' : Math.round(rate).toLocaleString('en'))
    const over = name => (rates[name] ? (of('plugin') / of(name)).toFixed(2) : '')
    console.log(
      `| ${row.name} | ${show(of('next'))} | ${show(of('plugin'))} | ${over('next')} | ${show(of('bare'))} | ${over('bare')} | ${show(of('beside'))} | ${over('beside')} | ${show(of('nginx'))} | ${(ofPlugin / ofNext).toFixed(2)} |`
    )
  }
} finally {
  nginx?.kill('SIGTERM')
  for (const server of running) await server.stop()
  rmSync(work, { recursive: true })
}
