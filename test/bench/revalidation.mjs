// What revalidating a tag costs with 1, 2 and 4 processes and with 10, 1,000 and 100,000 entries in Redis:
// how long it takes from the request that does it until all processes have been told, and the CPU time of
// Redis and of all processes for it. Needs redis-server. TURNS says how often each is done.
import { fileURLToPath } from 'node:url'
import { ioredisAdapter } from '@fortedigital/nextjs-cache-handler/helpers/ioredisAdapter'
import createRedisStrings from '@fortedigital/nextjs-cache-handler/redis-strings'
import { startRedis } from './redis.mjs'
import { scriptServer } from './servers.mjs'
import { median } from './statistics.mjs'

const TURNS = Number(process.env.TURNS ?? 15)
const ENTRIES = [10, 1_000, 100_000]
const dir = process.env.APP ?? fileURLToPath(new URL('../fixtures/shared', import.meta.url))

/** As the plugin keeps them. */
async function fill(client, from, to) {
  const strings = createRedisStrings({
    client: ioredisAdapter(client),
    keyPrefix: 'fastify-next:'
  })
  const expireAt = Math.floor(Date.now() / 1_000) + 3_600
  const value = { kind: 'FETCH', data: { headers: {}, body: 'x'.repeat(200), status: 200 } }
  for (let index = from; index < to; index += 500) {
    const batch = Array.from({ length: Math.min(500, to - index) }, (_, offset) => index + offset)
    await Promise.all(
      batch.map(number =>
        strings.set(`build:${number}`, {
          value,
          lastModified: Date.now(),
          tags: [`tag-${number}`, '_N_T_/layout', `_N_T_/page/${number}`],
          lifespan: { expireAt }
        })
      )
    )
  }
}

async function renew({ port }, body) {
  const url = `http://127.0.0.1:${port}/renew`
  const response = await fetch(url, { method: 'POST', body: JSON.stringify(body) })
  await response.text()
}

/** Resolves when all have been told: Next answers before that. */
function told(subscriber, tag) {
  return new Promise(resolve => {
    const hear = (_channel, text) => {
      if (!text.includes(`"${tag}"`)) return
      subscriber.off('message', hear)
      resolve()
    }
    subscriber.on('message', hear)
  })
}

console.log('| processes | entries | ms | at most | ms of Redis | ms of the processes |')
console.log('| --- | --- | --- | --- | --- | --- |')
for (const count of [1, 2, 4]) {
  const redis = await startRedis(4480)
  const subscriber = redis.client.duplicate()
  const servers = Array.from({ length: count }, (_, index) =>
    scriptServer('sharing', dir, 4481 + index, redis.url)
  )
  try {
    for (const server of servers) await server.listening()
    await subscriber.subscribe('fastify-next:0')
    let filled = 0
    for (const entries of ENTRIES) {
      await fill(redis.client, filled, entries)
      filled = entries
      const [first] = servers
      const times = []
      let [cpuOfRedis, cpuOfAll] = [0, 0]
      for (let turn = 0; turn <= TURNS; turn++) {
        const tag = `none-${entries}-${turn}`
        const isTold = told(subscriber, tag)
        const before = [redis.cpuTime(), servers.reduce((sum, one) => sum + one.cpuTime(), 0)]
        const begun = performance.now()
        await renew(first, { tag })
        await isTold
        if (turn === 0) continue
        times.push(performance.now() - begun)
        cpuOfRedis += redis.cpuTime() - before[0]
        cpuOfAll += servers.reduce((sum, server) => sum + server.cpuTime(), 0) - before[1]
      }
      const worst = Math.max(...times)
      const figures = [median(times), worst, cpuOfRedis / TURNS, cpuOfAll / TURNS]
      console.log(
        `| ${[count, entries, ...figures.map(figure => figure.toFixed(1))].join(' | ')} |`
      )
    }
  } finally {
    for (const server of servers) await server.stop()
    subscriber.disconnect()
    await redis.stop()
  }
}
