import Fastify from 'fastify'
import t, { type Test } from 'tap'
import { fastifyNext } from '../src/index.js'
import { builtFixture, fixturePath } from './helpers/fixture.js'
import { keptLog } from './helpers/log.js'

const { NODE_ENV } = process.env

t.beforeEach(t => {
  delete process.env.NODE_ENV
  t.teardown(() => {
    if (NODE_ENV === undefined) delete process.env.NODE_ENV
    else process.env.NODE_ENV = NODE_ENV
  })
})

async function serve(t: Test, fixture: string) {
  const log = keptLog()
  const fastify = Fastify({ logger: { level: 'warn', ...log.logger } })
  t.teardown(() => fastify.close())
  await fastify.register(fastifyNext, { dir: await builtFixture(fixture), dev: false })
  await fastify.ready()
  const warnings = log.take().map(({ msg }) => msg)
  return { fastify, warnings: warnings.filter(message => message.includes('NODE_ENV')) }
}

t.test('what was set is taken back with the last app that is open', async t => {
  const one = await serve(t, 'twin-one')
  const two = await serve(t, 'twin-two')
  t.equal(process.env.NODE_ENV, 'production')
  await one.fastify.close()
  t.equal(process.env.NODE_ENV, 'production')
  t.equal((await two.fastify.inject('/dynamic')).statusCode, 200)
  await two.fastify.close()
  t.equal(process.env.NODE_ENV, undefined)

  process.env.NODE_ENV = 'development'
  const again = await serve(t, 'twin-one')
  t.match(again.warnings, [/NODE_ENV is "development"/], 'a value of others is checked again')
  await again.fastify.close()
  t.equal(process.env.NODE_ENV, 'development')
})

t.test('so it is when the registration fails', async t => {
  const fastify = Fastify()
  fastify.register(fastifyNext, { dir: fixturePath('broken-config'), dev: false })
  await t.rejects(async () => fastify.ready(), { code: 'FST_NEXT_CONFIG_FAILED' })
  await fastify.close()
  t.equal(process.env.NODE_ENV, undefined)
})

t.test('what others have set meanwhile stays', async t => {
  const { fastify } = await serve(t, 'twin-one')
  process.env.NODE_ENV = 'test'
  await fastify.close()
  t.equal(process.env.NODE_ENV, 'test')
})
