import Fastify from 'fastify'
import t from 'tap'
import { fastifyNext } from '../src/index.js'
import { GLOBALS } from '../src/next/split-state.js'
import { builtFixture, fixturePath } from './helpers/fixture.js'
import { keptLog } from './helpers/log.js'

t.test('an app that did not get as far as its start is not the first of the process', async t => {
  const log = keptLog()
  const register = async (dir: string) => {
    const fastify = Fastify({ logger: { level: 'warn', ...log.logger } })
    t.teardown(() => fastify.close())
    await fastify.register(fastifyNext, { dir, dev: false })
    return fastify
  }
  await t.rejects(register(fixturePath('unbuilt')), { code: 'FST_NEXT_BUILD_NOT_FOUND' })
  const fastify = await register(await builtFixture('twin-two'))
  t.equal((await fastify.inject('/isr')).statusCode, 200)
  for (const name of GLOBALS) {
    const { get } = Object.getOwnPropertyDescriptor(globalThis, name) ?? {}
    t.equal(get, undefined, String(name))
  }
  t.ok(Reflect.get(globalThis, 'instrumentationOfTwo'), 'its instrumentation runs')
  // Next reads the files of the app whose config is loaded first.
  t.equal(process.env.OF_BOTH, undefined)
  // What Next says of the config is no matter here.
  const ofPlugin = log.take().filter(({ module }) => module !== 'next')
  const messages = ofPlugin.map(({ msg }) => msg)
  t.equal(messages.length, 2)
  for (const message of messages) t.match(message, /reads the environment of one app.*\.env/)
})
