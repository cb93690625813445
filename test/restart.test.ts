import t from 'tap'
import { builtFixture } from './helpers/fixture.js'
import { count } from './helpers/lane.js'
import { buildPlugin, repositoryPath, startServer } from './helpers/process.js'

const ROUNDS = count(15, 100)
/** In bytes: what V8 goes on compiling. An instance that is left behind has 230 kB. */
const GROWTH_OF_CODE = 1_000_000 + (ROUNDS - 10) * 60_000

interface Result {
  answers: Record<string, number>
  afters: number
  before: object
  after: object
  grown: number
  provider: string
}

t.test('one directory can be served again and again in one process', async t => {
  await buildPlugin()
  const script = repositoryPath('test', 'processes', 'again-and-again.mjs')
  const server = await startServer(t, script, /^Done (.*)$/m, {
    args: [await builtFixture('app'), String(ROUNDS)],
    env: { NODE_ENV: 'production', NODE_OPTIONS: '--expose-gc' },
    bound: ROUNDS * 5_000
  })
  const { answers, afters, before, after, grown, provider }: Result = JSON.parse(server.url)
  for (const [answer, times] of Object.entries(answers)) {
    t.match(answer, / 200$/)
    t.equal(times, ROUNDS, answer)
  }
  t.equal(afters, ROUNDS, 'every after() has run')
  t.strictSame(after, before, 'listeners and handles are what they were')
  t.equal(provider, 'undefined', 'the request context is put back')
  t.ok(grown < GROWTH_OF_CODE, `the heap has grown by ${grown} of ${GROWTH_OF_CODE} bytes`)
  t.comment(`the heap has grown by ${grown} bytes in ${ROUNDS - 10} rounds`)
  t.strictSame(await server.end(), { code: 0, signal: null })
})
