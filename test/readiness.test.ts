import Fastify from 'fastify'
import t from 'tap'
import { FST_NEXT_PREPARE_FAILED } from '../src/errors.js'
import { Readiness } from '../src/readiness.js'

const { log } = Fastify()

t.test('a request waits for the start, up to a bound', async t => {
  let prepared = () => {}
  const readiness = new Readiness('dir', log)
  await t.rejects(readiness.wait(10), { code: 'FST_NEXT_PREPARE_TIMEOUT', statusCode: 503 })
  const started = readiness.begin(
    () =>
      new Promise<void>(resolve => {
        prepared = resolve
      })
  )
  await t.rejects(readiness.wait(10), { message: 'within 10 ms' })
  t.notOk(readiness.isReady)
  const waiting = readiness.wait()
  prepared()
  await Promise.all([started, waiting])
  t.ok(readiness.isReady)
})

t.test(
  'nobody waits for a start that is abandoned, and what becomes of it is not logged',
  async t => {
    const lines: string[] = []
    const { log } = Fastify({ logger: { stream: { write: line => void lines.push(line) } } })
    const readiness = new Readiness('dir', log)
    let fail = (_error: Error) => {}
    readiness.beginInBackground(
      () =>
        new Promise((_, reject) => {
          fail = reject
        })
    )
    const waiting = [1, 2].map(() => readiness.wait().catch(error => error))
    readiness.abandon()
    const errors = await Promise.all(waiting)
    t.match(errors[0], { code: 'FST_NEXT_PREPARE_ABANDONED', statusCode: 503 })
    t.not(errors[0], errors[1])
    fail(new Error('Closed as it started'))
    await readiness.settled()
    t.equal(lines.length, 1)
    t.match(JSON.parse(String(lines[0])), { level: 30, msg: 'Requests wait for Next.js to start' })
  }
)

t.test('a start that has failed has an error for each request', async t => {
  const cause = new Error('broken')
  const readiness = new Readiness('dir', log)
  await t.rejects(
    readiness.begin(async () => {
      throw new FST_NEXT_PREPARE_FAILED('dir', { cause })
    })
  )
  await readiness.settled()
  const errors = await Promise.all([1, 2].map(() => readiness.wait().catch(error => error)))
  t.match(errors[0], { code: 'FST_NEXT_PREPARE_FAILED', cause, statusCode: 503 })
  t.not(errors[0], errors[1])
})
