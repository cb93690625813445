// What it costs a dynamic page to ask for Fastify's request, over asking Next for the headers, and to ask
// an API of Fastify with inject(), over fetch(): CPU time per request in interleaved pairs, on one server.
// PAIRS says how many pairs, of which 15 are the least.
import { fileURLToPath } from 'node:url'
import { cpuTimes } from './pairs.mjs'
import { scriptServer } from './servers.mjs'

const PAIRS = Number(process.env.PAIRS ?? 15)
const dir = process.env.APP ?? fileURLToPath(new URL('../fixtures/context', import.meta.url))
const headers = { 'x-user': 'ada', cookie: 'user=ada' }
const server = scriptServer('context', dir, 4431)

/** The page that knows its visitor in this way. */
const page = way => ({
  port: server.port,
  path: `/cost/${way}`,
  cpuTime: () => server.cpuTime()
})

async function compare(ways, over, requests) {
  const [base, again] = [page(over), page(over)]
  const pages = ways.map(page)
  const times = await cpuTimes([...pages, base, again], { requests, headers }, PAIRS)
  for (const [index, way] of ways.entries()) {
    const row = [way, over, times.over(pages[index], base, 3), times.over(again, base, 3)]
    console.log(`| ${[...row, times.of(pages[index]), times.of(base)].join(' | ')} |`)
  }
}

try {
  await server.listening()
  console.log('| | over | [95 %] | A/A | ms | ms of the other |')
  console.log('| --- | --- | --- | --- | --- | --- |')
  await compare(['request', 'several'], 'headers', 600)
  await compare(['injects'], 'fetches', 400)
} finally {
  await server.stop()
}
