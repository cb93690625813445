// CPU time per answered request of the example's pages: the plugin against `next start`, and
// `next start` against itself, on one build, in interleaved pairs. Build the example first.
import { fileURLToPath } from 'node:url'
import { answer, load } from './load.mjs'
import { nextStart, pluginServer } from './servers.mjs'

const PAIRS = Number(process.env.PAIRS ?? 15)
const dir = fileURLToPath(new URL('../../example', import.meta.url))
const pages = [
  { name: 'prerendered page', path: '/', requests: 1000 },
  { name: 'prerendered page, gzip', path: '/', encoding: 'gzip', requests: 1000 },
  { name: 'dynamic page', path: '/guestbook', requests: 400 },
  { name: 'route handler', path: '/api/hello', requests: 1000 }
]

/** CPU time per request in ms. */
async function measure(server, { path, requests, encoding = 'identity' }) {
  const before = server.cpuTime()
  await load(server.port, path, { 'accept-encoding': encoding }, requests)
  return (server.cpuTime() - before) / requests
}

async function assertSameAnswers(servers, { path, encoding = 'identity' }) {
  const answers = await Promise.all(
    servers.map(({ port }) => answer(port, path, { 'accept-encoding': encoding }))
  )
  for (const { status, body } of answers) {
    const [first] = answers
    // What a dynamic answer says of the moment has the same length.
    if (status !== 200 || body.length !== first.body.length) throw new Error(`${path} differs`)
  }
}

function median(values) {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/** The median of the ratios, and its 95 % interval by resampling. */
function summary(ratios) {
  const medians = Array.from({ length: 2000 }, () =>
    median(ratios.map(() => ratios[Math.floor(Math.random() * ratios.length)]))
  ).sort((a, b) => a - b)
  const [low, high] = [medians[50], medians[1949]].map(value => value.toFixed(2))
  return `${median(ratios).toFixed(2)} [${low}, ${high}]`
}

const plugin = pluginServer('fastify-next', dir, 4401)
const start = nextStart('next start', dir, 4402)
const again = nextStart('next start, again', dir, 4403)
const servers = [plugin, start, again]
try {
  for (const server of servers) await server.listening()
  console.log('| | next start, ms | fastify-next, ms | ratio [95 %] | A/A ratio [95 %] |')
  console.log('| --- | --- | --- | --- | --- |')
  for (const page of pages) {
    await assertSameAnswers(servers, page)
    for (const server of servers) await measure(server, page)
    const times = new Map(servers.map(server => [server, []]))
    for (let pair = 0; pair < PAIRS; pair++) {
      const order = pair % 2 ? servers : servers.toReversed()
      for (const server of order) times.get(server).push(await measure(server, page))
    }
    const ratios = (a, b) => times.get(a).map((time, pair) => time / times.get(b)[pair])
    const cells = [
      page.name,
      median(times.get(start)).toFixed(3),
      median(times.get(plugin)).toFixed(3),
      summary(ratios(plugin, start)),
      summary(ratios(again, start))
    ]
    console.log(`| ${cells.join(' | ')} |`)
  }
} finally {
  for (const server of servers) await server.stop()
}
