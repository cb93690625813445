import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { promisify } from 'node:util'
import t from 'tap'
import { installConsumer } from './helpers/consumer.js'
import { builtFixture } from './helpers/fixture.js'
import { ready } from './helpers/serve.js'

const run = promisify(execFile)

const REGISTER = `
  import Fastify from 'fastify'
  import fastifyNext from 'fastify-next'
  const options = { dir: process.argv[2], dev: false, underPressure: true }
  try {
    await Fastify().register(fastifyNext, options)
  } catch (error) {
    console.log(error.code, error.cause?.code)
  }
`

t.test('by default there is none', async t => {
  for (const options of [{}, { underPressure: false }]) {
    const fastify = await ready(t, { options })
    t.notOk(fastify.hasPlugin('@fastify/under-pressure'))
    t.equal((await fastify.inject('/static')).statusCode, 200)
    await fastify.close()
  }
})

t.test('with true it is registered with its defaults', async t => {
  const fastify = await ready(t, { options: { underPressure: true } })
  t.ok(fastify.hasPlugin('@fastify/under-pressure'))
  t.equal((await fastify.inject('/static')).statusCode, 200)
})

t.test('with options it has those, and they stay as they are', async t => {
  const underPressure = Object.freeze({
    exposeStatusRoute: true,
    maxRssBytes: 1,
    sampleInterval: 5
  })
  const fastify = await ready(t, { options: { underPressure } })
  // Until the first sample all is well.
  const deadline = Date.now() + 5_000
  let page = await fastify.inject('/static')
  while (page.statusCode === 200 && Date.now() < deadline) {
    // Answers from memory leave no room for the timer that samples.
    await setImmediate()
    page = await fastify.inject('/static')
  }
  t.equal(page.statusCode, 503)
  t.match(page.json(), { code: 'FST_UNDER_PRESSURE' })
})

t.test('it may expose its route', async t => {
  const fastify = await ready(t, { options: { underPressure: { exposeStatusRoute: '/health' } } })
  t.match((await fastify.inject('/health')).json(), { status: 'ok' })
})

t.test('asked for and not installed, it is a coded error', async t => {
  const consumer = await installConsumer(t)
  const app = await builtFixture('pages-router')
  const script = join(consumer.dir, 'register.mjs')
  await writeFile(script, REGISTER)
  const { stdout } = await run(process.execPath, [script, app], {
    env: { ...process.env, NODE_OPTIONS: '' }
  })
  t.match(stdout, 'FST_NEXT_UNDER_PRESSURE_NOT_INSTALLED ERR_MODULE_NOT_FOUND')
})
