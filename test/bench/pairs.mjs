import { answer, load } from './load.mjs'
import { median, summary } from './statistics.mjs'

/** CPU time of a server per request, in ms. */
async function measure(server, { path, requests, status, encoding = 'identity' }) {
  const before = server.cpuTime()
  await load(server.port, path, { 'accept-encoding': encoding }, requests, status)
  return (server.cpuTime() - before) / requests
}

async function assertSameAnswers(servers, { path, status = 200, encoding = 'identity' }) {
  const answers = await Promise.all(
    servers.map(({ port }) => answer(port, path, { 'accept-encoding': encoding }))
  )
  for (const { status: actual, body } of answers) {
    // What a dynamic answer says of the moment has the same length.
    if (actual !== status || body.length !== answers[0].body.length) {
      throw new Error(`${path} differs`)
    }
  }
}

/** CPU times per request of servers, in ms, measured in turns of which the first is not counted. */
export async function cpuTimes(servers, page, count) {
  await assertSameAnswers(servers, page)
  for (const server of servers) await measure(server, page)
  const times = new Map(servers.map(server => [server, []]))
  for (let pair = 0; pair < count; pair++) {
    for (const server of pair % 2 ? servers : servers.toReversed()) {
      times.get(server).push(await measure(server, page))
    }
  }
  return {
    of: server => median(times.get(server)).toFixed(3),
    over: (server, other) =>
      summary(times.get(server).map((time, pair) => time / times.get(other)[pair]))
  }
}
