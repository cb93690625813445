// CPU time per answered request, in interleaved pairs on one build: the plugin against a catch-all
// of Fastify with `reply.hijack()`, which is also measured against itself. Next's documented custom
// server and `next start` stand beside them. PAIRS says how many pairs, of which 15 are the least.
import { fileURLToPath } from 'node:url'
import { cpuTimes } from './pairs.mjs'
import { nextStart, scriptServer } from './servers.mjs'

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

async function row(page) {
  const times = await cpuTimes(all, page, PAIRS)
  return [
    page.name,
    times.over(servers.plugin, servers.hijack),
    times.over(servers.onSend, servers.hijack),
    times.over(servers.again, servers.hijack),
    ...[servers.plugin, servers.hijack, servers.documented, servers.start].map(times.of)
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
