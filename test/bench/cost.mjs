// What answering from memory costs the rest, in interleaved pairs on one build: CPU time per request of
// what goes to Next, and of a route of Fastify's own; then the time to the first answer, and the memory
// after the same load. PAIRS says how many pairs, of which 15 are the least; an argument names one part.
import { fileURLToPath } from 'node:url'
import { load } from './load.mjs'
import { cpuTimes } from './pairs.mjs'
import { nextStart, scriptServer } from './servers.mjs'
import { median, summary } from './statistics.mjs'

const PAIRS = Number(process.env.PAIRS ?? 15)
const dir = process.env.APP ?? fileURLToPath(new URL('../fixtures/app', import.meta.url))
const start = {
  on: () => scriptServer('cost', dir, 4421, 'on'),
  off: () => scriptServer('cost', dir, 4422, 'off'),
  again: () => scriptServer('cost', dir, 4423, 'off'),
  none: () => scriptServer('cost', dir, 4424, 'none'),
  next: () => nextStart(dir, 4425)
}
const pages = [
  { name: 'dynamic page', path: '/dynamic', requests: 300 },
  { name: 'Suspense stream', path: '/stream', requests: 300 },
  { name: 'JSON route handler', path: '/api-route/json', requests: 600 },
  { name: 'not found', path: '/nowhere', status: 404, requests: 400 },
  { name: 'public file', path: '/hello.txt', requests: 600 }
]

async function costs() {
  const [on, off, again, none] = ['on', 'off', 'again', 'none'].map(name => start[name]())
  try {
    for (const server of [on, off, again, none]) await server.listening()
    console.log('| | over nothing from memory [95 %] | A/A | ms | ms with nothing from memory |')
    console.log('| --- | --- | --- | --- | --- |')
    for (const page of pages) {
      const times = await cpuTimes([on, off, again], page, PAIRS)
      const ratios = [times.over(on, off), times.over(again, off)]
      console.log(`| ${[page.name, ...ratios, times.of(on), times.of(off)].join(' | ')} |`)
    }
    const own = { name: 'JSON route of Fastify', path: '/fastify', requests: 3_000 }
    const times = await cpuTimes([on, none], own, PAIRS)
    console.log(`\n${own.name}, over one without the plugin: ${times.over(on, none)}`)
  } finally {
    for (const server of [on, off, again, none]) await server.stop()
  }
}

/** From the start of the process, in ms. */
async function timeToFirstAnswer(name) {
  const before = performance.now()
  const server = start[name]()
  try {
    await server.listening()
    return performance.now() - before
  } finally {
    await server.stop()
  }
}

async function firstAnswers() {
  const times = { on: [], next: [] }
  for (let pair = 0; pair < PAIRS; pair++) {
    const names = pair % 2 ? ['on', 'next'] : ['next', 'on']
    for (const name of names) times[name].push(await timeToFirstAnswer(name))
  }
  const [on, next] = [times.on, times.next].map(values => Math.round(median(values)))
  const ratio = summary(times.on.map((time, pair) => time / times.next[pair]))
  console.log(`First answer: ${on} ms, \`next start\` ${next} ms, ${ratio}`)
}

async function memory() {
  const megabytes = []
  for (const name of ['on', 'next']) {
    const server = start[name]()
    try {
      await server.listening()
      for (const { path, status } of [
        ...pages,
        { path: '/' },
        { path: '/static' },
        { path: '/isr' }
      ]) {
        await load(server.port, path, { 'accept-encoding': 'gzip' }, 2_000, status)
      }
      megabytes.push(Math.round(server.memory() / 1024 / 1024))
    } finally {
      await server.stop()
    }
  }
  console.log(`Memory after the same load: ${megabytes[0]} MB, \`next start\` ${megabytes[1]} MB`)
}

const parts = { costs, firstAnswers, memory }
for (const name of process.argv[2] ? [process.argv[2]] : Object.keys(parts)) await parts[name]()
