import t, { type Test } from 'tap'
import { Pair } from './freshness/pair.js'
import { Random } from './freshness/random.js'
import { REMEMBERED } from './freshness/steps.js'
import { isFromMemory, Walk } from './freshness/walk.js'
import { count } from './helpers/lane.js'
import { startBoth } from './same-answers/servers.js'

const STEPS = Number(process.env.STEPS ?? count(300, 5_000))
const isFromNext = process.env.FROM_MEMORY === 'no'
const CODED = { 'Accept-Encoding': 'gzip' }

/** Each page, and what the router asks for, comes from memory when it is asked for again. */
async function remember(t: Test, pair: Pair): Promise<void> {
  for (const path of REMEMBERED) {
    for (const headers of [CODED, { ...CODED, RSC: '1' }]) {
      const request = { method: 'GET', path, headers }
      const [{ headers: lines }] = await pair.send(request)
      const location = lines.find(line => line.startsWith('location: '))?.slice(10)
      if (headers !== CODED && location === undefined) continue
      const asked = { ...request, path: location ?? path }
      for (let time = 0; time < 3; time++) await pair.send(asked)
      t.strictSame(await pair.renewed(path), [false, false])
      const [next, plugin] = await pair.send(asked)
      t.equal(isFromMemory(next), false)
      const name = `${asked.path} ${JSON.stringify(headers)}`
      t.equal(isFromMemory(plugin), !isFromNext, `${name} comes from memory`)
    }
  }
}

t.setTimeout(count(120_000, 7_200_000))

for (let index = 0; index < count(1, 20); index++) {
  const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31) + index
  t.test(`pages are as fresh as with next start, SEED=${seed}`, async t => {
    // What is in whole ms is compared to what is not.
    const clocks = Date.now() + (seed % 4) / 4
    const pair = new Pair(await startBoth(t, { name: 'fresh', fixture: 'fresh', clocks }))
    // The pages of the build are out of date then, however old it is.
    await pair.wait(60_000)
    await remember(t, pair)
    const [{ body }] = await pair.send({ method: 'GET', path: '/act' })
    const actions = [...body.matchAll(/\$ACTION_ID_(\w+)/g)].map(([, id]) => String(id))
    t.equal(new Set(actions).size, 2)
    const walk = new Walk(pair, new Random(seed), actions)
    for (let step = 1; step <= STEPS; step++) {
      const lines = await walk.step()
      if (lines.length === 0) continue
      t.strictSame(lines, [], `in step ${step}, after\n${walk.history}`)
      return
    }
    t.equal(walk.fromMemory > 0, !isFromNext)
    t.comment(`${STEPS} steps, at least ${walk.fromMemory} answers from memory`)
  })
}
