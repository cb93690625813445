import { answer, load } from './load.mjs'
import { median, summary } from './statistics.mjs'

/** CPU time of a server per request, in ms. */
async function measure(server, page) {
  const { requests, status } = page
  const before = server.cpuTime()
  await load(server.port, server.path ?? page.path, headersOf(page), requests, status)
  return (server.cpuTime() - before) / requests
}

function headersOf({ headers, encoding = 'identity' }) {
  return { ...headers, 'accept-encoding': encoding }
}

async function assertSameAnswers(servers, page) {
  const { status = 200 } = page
  const answers = await Promise.all(
    servers.map(({ port, path = page.path }) => answer(port, path, headersOf(page)))
  )
  for (const { status: actual, body } of answers) {
    // What a dynamic answer says of the moment has the same length.
    if (actual !== status || body.length !== answers[0].body.length) {
      throw new Error(`${page.path ?? servers[0].path} differs`)
    }
  }
}

/**
 * CPU times per request of servers, or of pages of one, in ms, measured in turns of which the first is
 * not counted.
 */
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
    over: (server, other, digits) =>
      summary(
        times.get(server).map((time, pair) => time / times.get(other)[pair]),
        digits
      )
  }
}
