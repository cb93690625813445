import t from 'tap'
import { FST_NEXT_PREPARE_FAILED } from '../src/errors.js'
import { Readiness } from '../src/readiness.js'

t.test('a request waits for the start, up to a bound', async t => {
  let prepared = () => {}
  const readiness = new Readiness('dir')
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

t.test('a start that has failed has an error for each request', async t => {
  const cause = new Error('broken')
  const readiness = new Readiness('dir')
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
