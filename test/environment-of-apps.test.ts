import Fastify from 'fastify'
import t, { type Test } from 'tap'
import { fastifyNext } from '../src/index.js'
import { builtFixture } from './helpers/fixture.js'
import { keptLog } from './helpers/log.js'

async function messagesOf(t: Test, fixture: string): Promise<string[]> {
  const log = keptLog()
  const fastify = Fastify({ logger: { level: 'warn', ...log.logger } })
  t.teardown(() => fastify.close())
  const dir = await builtFixture(fixture)
  await fastify.register(fastifyNext, { dir, dev: false })
  await fastify.ready()
  // What Next says of the config is no matter here.
  const messages = log.take().filter(({ module }) => module !== 'next')
  return messages.map(({ msg }) => msg.replaceAll(dir, ''))
}

t.test('the variables that only the files of a later app would have set are named', async t => {
  process.env.OF_HOST = 'host'
  t.strictSame(await messagesOf(t, 'twin-one'), [], 'those of the first app are read')
  t.equal(process.env.OF_BOTH, 'one')

  const [production = '', shared = '', instrumentation = '', errors = '', ...rest] =
    await messagesOf(t, 'twin-two')
  t.match(production, '"/.env.production": set OF_BOTH, OF_PRODUCTION before')
  t.match(shared, '"/.env": set OF_TWO before')
  t.match(instrumentation, 'may not run')
  t.match(errors, 'onRequestError of "", if it has one, gets those of all apps')
  t.strictSame(rest, [])
  for (const message of [production, shared]) {
    for (const value of ['two', 'host']) t.notMatch(message, `=${value}`)
    t.notMatch(message, /two-production|-more/, 'no value is')
  }
  t.equal(process.env.OF_TWO, undefined)
})

t.test('an app that starts again finds its variables', async t => {
  t.strictSame(await messagesOf(t, 'twin-one'), [])
})

t.test('a variable that the host sets is not missed', async t => {
  for (const name of ['OF_BOTH', 'OF_PRODUCTION', 'OF_TWO']) process.env[name] = 'of the host'
  process.env.OF_BOTH = 'two'
  process.env.OF_PRODUCTION = 'two-production'
  const messages = await messagesOf(t, 'twin-two')
  t.strictSame(
    messages.filter(message => message.includes('.env')),
    []
  )
})
