// Requests per second of 1, 2 and 4 processes together, and the p99 of what they answer, with Redis and
// without in turns: wrk with 32 connections, divided among the processes. Needs wrk and redis-server. RUNS
// says how many runs of each there are, of which the median counts.
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { startRedis } from './redis.mjs'
import { scriptServer } from './servers.mjs'
import { median } from './statistics.mjs'

const RUNS = Number(process.env.RUNS ?? 5)
const SECONDS = Number(process.env.SECONDS ?? 3)
const CONNECTIONS = 32
const run = promisify(execFile)
const dir = process.env.APP ?? fileURLToPath(new URL('../fixtures/shared', import.meta.url))
const PAGES = {
  'prerendered page': '/path/built',
  'page renewed every 2 s': '/aged',
  "dynamic page with 'use cache'": '/dynamic'
}
const MS = { us: 0.001, ms: 1, s: 1_000 }

async function load(port, path, connections) {
  const url = `http://127.0.0.1:${port}${path}`
  const { stdout } = await run('wrk', ['-t1', `-c${connections}`, `-d${SECONDS}`, '--latency', url])
  if (/Non-2xx|Socket errors/.test(stdout)) throw new Error(stdout)
  const [, p99, unit] = /99%\s+([\d.]+)(us|ms|s)/.exec(stdout)
  return { rate: Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)[1]), p99: Number(p99) * MS[unit] }
}

/** All processes at once. */
async function loadAll(servers, path) {
  const connections = CONNECTIONS / servers.length
  const loads = await Promise.all(servers.map(({ port }) => load(port, path, connections)))
  return {
    rate: loads.reduce((sum, { rate }) => sum + rate, 0),
    p99: Math.max(...loads.map(({ p99 }) => p99))
  }
}

async function start(count, port, ...args) {
  const servers = Array.from({ length: count }, (_, index) =>
    scriptServer('sharing', dir, port + index, ...args)
  )
  for (const server of servers) await server.listening()
  return servers
}

const redis = await startRedis(4460)
console.log('| | processes | req/s | p99, ms | with Redis: req/s | p99, ms | over without |')
console.log('| --- | --- | --- | --- | --- | --- | --- |')
try {
  for (const count of [1, 2, 4]) {
    const kinds = [await start(count, 4461), await start(count, 4471, redis.url)]
    try {
      for (const [name, path] of Object.entries(PAGES)) {
        const results = kinds.map(() => [])
        for (let turn = 0; turn <= RUNS; turn++) {
          for (const [kind, servers] of kinds.entries()) {
            const result = await loadAll(servers, path)
            // The first is for warming up.
            if (turn > 0) results[kind].push(result)
          }
        }
        const [alone, shared] = results.map(all => ({
          rate: median(all.map(({ rate }) => rate)),
          p99: median(all.map(({ p99 }) => p99))
        }))
        const figures = [alone, shared].flatMap(({ rate, p99 }) => [
          rate.toFixed(0),
          p99.toFixed(1)
        ])
        console.log(
          `| ${[name, count, ...figures, (shared.rate / alone.rate).toFixed(2)].join(' | ')} |`
        )
      }
    } finally {
      for (const server of kinds.flat()) await server.stop()
    }
  }
} finally {
  await redis.stop()
}
