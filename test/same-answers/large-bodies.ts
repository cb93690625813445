import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { setImmediate } from 'node:timers/promises'
import { count } from '../helpers/lane.js'
import type { Check } from './check.js'
import { type Answer, failed, HOST, type Request, read } from './exchange.js'
import type { Servers } from './servers.js'

const MEBIBYTE = 1024 * 1024
const CHUNK = Buffer.alloc(MEBIBYTE / 16, 'x')
/** More than Next takes of the body of an action or of an API route. */
const LARGE = count(4, 100) * MEBIBYTE
const IDLE = 3_000

/** What is posted with such a body. */
export type Posted = Pick<Request, 'path' | 'headers'>

/** Posts bodies that are large, and bodies that never end, until there is an answer. */
export async function sendLargeBodies(
  check: Check,
  { next, plugin }: Servers,
  requests: readonly Posted[]
): Promise<void> {
  for (const posted of requests) {
    for (const isEndless of [false, true]) {
      const [ofNext, ofPlugin] = await Promise.all([
        answerTo(next, posted, isEndless),
        answerTo(plugin, posted, isEndless)
      ])
      const body = isEndless ? 'without an end' : 'large'
      check.note({ ...posted, method: 'POST', body }, ofNext, ofPlugin)
    }
  }
}

async function answerTo(port: number, posted: Posted, isEndless: boolean): Promise<Answer> {
  const framing = isEndless ? {} : { 'Content-Length': String(LARGE) }
  const headers = { Host: HOST, ...posted.headers, ...framing }
  const { path } = posted
  // A server that closes the connection may do so before the answer has been read, and a connection
  // with an unread body on it can't be used again.
  const agent = new Agent({ keepAlive: true })
  const outgoing = request({ agent, headers, host: 'localhost', method: 'POST', path, port })
  let isAnswered = false
  const answer = new Promise<Answer>(resolve => {
    outgoing.on('error', error => resolve(failed(error)))
    outgoing.on('response', response => read(response, port).then(resolve))
    // Who waits for the end of a body that has none does not answer.
    outgoing.setTimeout(IDLE, () => outgoing.destroy(new Error('timeout')))
  }).finally(() => {
    isAnswered = true
  })
  for (let sent = 0; sent < LARGE && !isAnswered; sent += CHUNK.length) {
    if (outgoing.write(CHUNK)) await setImmediate()
    else await Promise.race([answer, once(outgoing, 'drain').catch(() => {})])
  }
  if (!isEndless && !isAnswered) outgoing.end()
  const answered = await answer
  agent.destroy()
  return answered
}
