// node --expose-gc again-and-again.mjs DIR ROUNDS: serves one app and closes it that many times, and
// prints as JSON what it has answered and what is left afterwards.
import { once } from 'node:events'
import { get } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import Fastify from 'fastify'
import fastifyNext from 'fastify-next'

const PATHS = [
  '/',
  '/static',
  '/isr',
  '/after',
  '/dynamic',
  '/stream',
  '/legacy',
  '/api-route/json'
]
const [dir, rounds] = process.argv.slice(2)
const answers = {}
let afters = 0
globalThis.afterResponse = () => afters++

// Not with fetch(): it keeps something for each port.
async function statusOf(url) {
  const [response] = await once(get(url, { agent: false }), 'response')
  await once(response.resume(), 'end')
  return response.statusCode
}

async function serveOnce() {
  const fastify = Fastify()
  await fastify.register(fastifyNext, { dir, dev: false })
  const url = await fastify.listen({ host: '127.0.0.1', port: 0 })
  for (const path of PATHS) {
    const answer = `${path} ${await statusOf(url + path)}`
    answers[answer] = (answers[answer] ?? 0) + 1
  }
  await fastify.close()
}

async function collected() {
  gc()
  // Finalizers run in between.
  await delay(10)
  gc()
  return process.memoryUsage().heapUsed
}

function listeners() {
  return Object.fromEntries(
    process.eventNames().map(name => [String(name), process.listenerCount(name)])
  )
}

/** Without the pipes to whoever has started this. */
function resources() {
  return process
    .getActiveResourcesInfo()
    .filter(name => !/^(Pipe|TTY|CloseReq|Immediate)/.test(name))
}

const before = { listeners: listeners(), resources: resources() }
let heapAfterTen
for (let round = 1; round <= Number(rounds); round++) {
  await serveOnce()
  if (round === 10) heapAfterTen = await collected()
}
const grown = (await collected()) - heapAfterTen
const after = { listeners: listeners(), resources: resources() }
const provider = String(globalThis[Symbol.for('@next/request-context')])
console.log(`Done ${JSON.stringify({ answers, afters, before, after, grown, provider })}`)
