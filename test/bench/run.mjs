// CPU time per answered request, in interleaved pairs on one build: the plugin against a catch-all
// of Fastify with `reply.hijack()`, which is also measured against itself. Next's documented custom
// server and `next start` stand beside them. PAIRS says how many pairs, of which 15 are the least.
import { fileURLToPath } from 'node:url'
import { answer, load } from './load.mjs'
import { nextStart, scriptServer } from './servers.mjs'
import { median, summary } from './statistics.mjs'

const PAIRS = Number(process.env.PAIRS ?? 15)
const dir = process.env.APP ?? fileURLToPath(new URL('../fixtures/app', import.meta.url))
const pages = [
  { name: 'prerendered page', path: '/static', requests: 600 },
  { name: 'prerendered page, gzip', path: '/static', encoding: 'gzip', requests: 600 },
  { name: 'dynamic page', path: '/dynamic', requests: 300 },
  { name: 'Suspense stream', path: '/stream', requests: 300 },
  { name: 'JSON route handler', path: '/api-route/json', requests: 600 },
  { name: 'not found', path: '/nowhere', status: 404, requests: 400 },
  { name: 'public file', path: '/hello.txt', requests: 600 }
]

const servers = {
  plugin: scriptServer('plugin', dir, 4401),
  onSend: scriptServer('plugin', dir, 4402, 'onSend'),
  hijack: scriptServer('hijack', dir, 4403),
  again: scriptServer('hijack', dir, 4404),
  documented: scriptServer('documented', dir, 4405),
  start: nextStart(dir, 4406)
}
const all = Object.values(servers)

/** CPU time per request in ms. */
async function measure(server, { path, requests, status, encoding = 'identity' }) {
  const before = server.cpuTime()
  await load(server.port, path, { 'accept-encoding': encoding }, requests, status)
  return (server.cpuTime() - before) / requests
}

async function assertSameAnswers({ path, status = 200, encoding = 'identity' }) {
  const answers = await Promise.all(
    all.map(({ port }) => answer(port, path, { 'accept-encoding': encoding }))
  )
  for (const { status: actual, body } of answers) {
    // What a dynamic answer says of the moment has the same length.
    if (actual !== status || body.length !== answers[0].body.length) {
      throw new Error(`${path} differs`)
    }
  }
}

async function row(page) {
  await assertSameAnswers(page)
  for (const server of all) await measure(server, page)
  const times = new Map(all.map(server => [server, []]))
  for (let pair = 0; pair < PAIRS; pair++) {
    for (const server of pair % 2 ? all : all.toReversed()) {
      times.get(server).push(await measure(server, page))
    }
  }
  const overHijack = server =>
    summary(times.get(server).map((time, pair) => time / times.get(servers.hijack)[pair]))
  return [
    page.name,
    overHijack(servers.plugin),
    overHijack(servers.onSend),
    overHijack(servers.again),
    ...[servers.plugin, servers.hijack, servers.documented, servers.start].map(server =>
      median(times.get(server)).toFixed(3)
    )
  ]
}

try {
  for (const server of all) await server.listening()
  console.log(
    '| | over hijack [95 %] | the same with an `onSend` hook | A/A | fastify-next, ms | hijack, ms | custom server, ms | `next start`, ms |'
  )
  console.log('| --- | --- | --- | --- | --- | --- | --- | --- |')
  for (const page of pages) console.log(`| ${(await row(page)).join(' | ')} |`)
} finally {
  for (const server of all) await server.stop()
}
