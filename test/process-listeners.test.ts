import Fastify from 'fastify'
import t, { type Test } from 'tap'
import { type FastifyNextOptions, fastifyNext } from '../src/index.js'
import { event } from './helpers/event.js'
import { builtFixture, fixturePath } from './helpers/fixture.js'
import { setGlobal } from './helpers/globals.js'
import { count } from './helpers/lane.js'

const ROUNDS = count(12, 100)

/** What Next's filter of rejections replaces, and what this plugin does. */
const METHODS = [
  'addListener',
  'emit',
  'listeners',
  'off',
  'on',
  'once',
  'prependListener',
  'prependOnceListener',
  'removeAllListeners',
  'removeListener'
] as const

/** All that listens to the process, and its methods. */
function look() {
  // Node takes its own listener off `exit` when the module of the test has been evaluated.
  const events = process.eventNames().filter(event => event !== 'exit')
  const listeners = events.map(event => [event, process.rawListeners(event)] as const)
  const methods = METHODS.map(name => process[name])
  return { listeners: new Map(listeners), methods, own: Object.keys(process).sort() }
}

async function start(t: Test, options: FastifyNextOptions = {}) {
  const dir = await builtFixture('process-errors')
  const fastify = Fastify()
  t.teardown(() => fastify.close())
  await fastify.register(fastifyNext, { dir, dev: false, ...options })
  await fastify.ready()
  return fastify
}

/** As Next does for a page that leaves one. */
async function leaveError(t: Test, fastify: Awaited<ReturnType<typeof start>>) {
  const shown = event<unknown[]>('console.error()')
  const { error } = console
  console.error = (...args) => {
    if (args[1]?.message !== 'Left by Next') return
    console.error = error
    shown.happen(args)
  }
  t.equal((await fastify.inject('/errors/timer')).statusCode, 200)
  t.match(await shown.happened, ['Uncaught exception in Next.js:'])
}

t.test('close() leaves the listeners and methods that the process had', async t => {
  const before = look()
  for (let round = 1; round <= ROUNDS; round++) {
    const fastify = await start(t)
    for (const url of ['/', '/late', '/errors/nothing']) {
      t.equal((await fastify.inject(url)).statusCode, 200, url)
    }
    await leaveError(t, fastify)
    await fastify.close()
    t.strictSame(look(), before, `round ${round}`)
  }
})

t.test('while apps are served Next has one listener for each kind of error', async t => {
  const counts = () =>
    ['uncaughtException', 'unhandledRejection'].map(event => process.listenerCount(event))
  const [exceptions = 0, rejections = 0] = counts()
  const apps = [await start(t), await start(t, { dir: await builtFixture('plain') })]
  for (const app of apps) t.equal((await app.inject('/')).statusCode, 200)
  // A failure here says that Next adds its listeners in another way, from another place.
  t.strictSame(counts(), [exceptions + 1, rejections + 1])
  await apps[0]?.close()
  t.strictSame(counts(), [exceptions + 1, rejections + 1], 'for the second app')
  await apps[1]?.close()
  t.strictSame(counts(), [exceptions, rejections])
})

t.test('an app is treated until its own close, whichever is closed first', async t => {
  const before = look()
  const first = await start(t)
  const second = await start(t, { dir: await builtFixture('plain') })
  await second.close()
  await leaveError(t, first)
  await first.close()
  t.strictSame(look(), before)
})

t.test('listeners that others add or remove meanwhile stay so', async t => {
  const rejections: unknown[] = []
  const keep = (reason: unknown) => rejections.push(reason)
  const drop = () => {}
  process.on('unhandledRejection', drop)
  const fastify = await start(t)
  process.once('unhandledRejection', keep)
  process.off('unhandledRejection', drop)
  await fastify.close()
  t.notOk(process.listeners('unhandledRejection').includes(drop))
  t.ok(process.listeners('unhandledRejection').includes(keep))
  process.emit('unhandledRejection', 'first', Promise.resolve())
  t.notOk(process.listeners('unhandledRejection').includes(keep))
  t.strictSame(rejections, ['first'])
})

t.test('process.emit is inherited again where it was', async t => {
  // The test runner has one of its own.
  const { emit } = process
  t.teardown(() => Reflect.set(process, 'emit', emit))
  Reflect.deleteProperty(process, 'emit')
  const fastify = await start(t)
  t.ok(Object.hasOwn(process, 'emit'))
  await fastify.close()
  t.notOk(Object.hasOwn(process, 'emit'))
})

t.test('process.emit that somebody else has replaced meanwhile goes on', async t => {
  const { emit } = process
  const fastify = await start(t)
  const buried = process.emit
  const seen: unknown[] = []
  const replaced = (...args: [never]) => {
    seen.push(args[0])
    return Reflect.apply(buried, process, args)
  }
  Reflect.set(process, 'emit', replaced)
  t.teardown(() => Reflect.set(process, 'emit', emit))
  await leaveError(t, fastify)
  await fastify.close()
  t.equal(process.emit, replaced)
  let heard = 0
  process.once('unhandledRejection', () => heard++)
  process.emit('unhandledRejection', 'reason', Promise.resolve())
  t.equal(heard, 1)
  const again = await start(t)
  await leaveError(t, again)
  await again.close()
  t.equal(process.emit, replaced)
  t.ok(seen.includes('unhandledRejection'))
})

t.test("the app's own listeners stay: its instrumentation runs once in a process", async t => {
  const told: string[] = []
  const listener = ({ message }: Error) => void told.push(message)
  setGlobal(t, 'leaveErrors', () => process.on('uncaughtException', listener))
  t.teardown(() => process.off('uncaughtException', listener))
  const fastify = await start(t)
  t.equal((await fastify.inject('/errors/given')).statusCode, 200)
  await fastify.close()
  t.ok(process.listeners('uncaughtException').includes(listener))
  const again = await start(t)
  await leaveError(t, again)
  t.strictSame(told, ['Left by Next'], 'and are told after another start')
})

t.test('a start that fails leaves nothing', async t => {
  const before = look()
  const fastify = Fastify()
  await t.rejects(async () => {
    await fastify.register(fastifyNext, { dir: fixturePath('broken-start'), dev: false })
    await fastify.ready()
  })
  await fastify.close()
  t.strictSame(look(), before)
})

t.test('so does a close before the start', async t => {
  const before = look()
  const fastify = Fastify()
  fastify.register(fastifyNext, { dir: await builtFixture('process-errors'), dev: false })
  await fastify.close()
  t.strictSame(look(), before)
})
