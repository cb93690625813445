import Fastify from 'fastify'
import t, { type Test } from 'tap'
import { fastifyNext } from '../src/index.js'
import { builtFixture } from './helpers/fixture.js'
import { setGlobal } from './helpers/globals.js'
import { keptLog } from './helpers/log.js'

async function serve(t: Test, fixture: string) {
  const log = keptLog()
  const fastify = Fastify({ logger: { level: 'warn', ...log.logger } })
  t.teardown(() => fastify.close())
  const dir = await builtFixture(fixture)
  await fastify.register(fastifyNext, { dir, dev: false, quiet: true })
  await fastify.ready()
  return { dir, fastify, warnings: () => log.take().map(({ msg }) => msg) }
}

// If it isn't any more in a new version of Next, the warning and the README are out of date.
t.test("an app's instrumentation is told of the errors of other apps, which warns", async t => {
  const first = await serve(t, 'failing')
  t.strictSame(first.warnings(), [])
  const second = await serve(t, 'twin-one')
  const told = second.warnings().find(message => message.includes('onRequestError'))
  t.match(told, `"${first.dir}", if it has one, gets those of "${second.dir}"`)

  let reports = 0
  setGlobal(t, 'reportError', () => void reports++)
  setGlobal(t, 'beforeRender', () => {
    throw new Error('expected by a test')
  })
  t.equal((await second.fastify.inject('/dynamic')).statusCode, 500)
  t.equal(reports, 1)
})
