import { resolve } from 'node:path'
import Fastify from 'fastify'
import t from 'tap'
import { fastifyNext } from '../src/index.js'
import { resolveOptions } from '../src/options.js'
import { builtFixture } from './helpers/fixture.js'

t.test('unknown and malformed options are refused at register, by name', async t => {
  const cases: [option: string, ...values: unknown[]][] = [
    ['conf', null, 'x', 1, [], new Date(), new Map()],
    ['dev', null, 'true', 1],
    ['dir', null, '', 1, 'a\0b'],
    ['quiet', null, 'no', 0],
    ['hostname', null, '', 1],
    ['port', null, '3000', 0, -1, 1.5, 65_536, Number.NaN],
    ['httpServer', null, {}, 'x'],
    ['turbo', null, 1],
    ['turbopack', null, 1],
    ['webpack', null, 1],
    ['catchAll', null, 'yes'],
    ['noServeAssets', null, 'yes', true],
    ['staticAssets', null, 'yes', 1],
    ['prerenderCache', null, true, 1, [], { maxBytes: 0 }, { maxBytes: '1mb' }, { maxAge: 1 }],
    ['websocketRewrites', null, 'yes', 1],
    ['underPressure', null, 'yes', 1, []],
    ['bodyLimit', null, 0, -1, 1.5, '1mb', Number.POSITIVE_INFINITY],
    ['closeTimeout', null, -1, '10s', 2 ** 31],
    ['drainDelay', null, -1, '5s', 2 ** 31],
    ['logLevel', null, '', 1, 'verbose'],
    ['onNextError', null, 'log', {}],
    ['serverTiming', null, 'yes', 1],
    ['prefix', '/x'],
    ['minimalMode', true],
    ['__proto__x', 1]
  ]
  const dir = await builtFixture('app')
  for (const [option, ...values] of cases) {
    for (const value of values) {
      const fastify = Fastify({ logger: { level: 'silent' } })
      await t.rejects(
        async () => fastify.register(fastifyNext, { dir, dev: false, [option]: value }),
        { code: 'FST_NEXT_INVALID_OPTION', message: `"${option}"` },
        `${option}: ${JSON.stringify(value)}`
      )
      await fastify.close()
    }
  }
  t.throws(() => resolveOptions({ webpack: true, turbopack: true }), { message: 'webpack' })
  t.throws(() => resolveOptions({ webpack: true, turbo: true }), { message: 'webpack' })
  t.equal(resolveOptions({ noServeAssets: true, catchAll: false }).noServeAssets, true)
  t.throws(() => resolveOptions({ websocketRewrites: true, catchAll: false }), {
    message: 'websocketRewrites'
  })
  t.equal(resolveOptions({ websocketRewrites: true }).websocketRewrites, true)
})

t.test('the defaults', async t => {
  const { NODE_ENV } = process.env
  t.teardown(() => {
    process.env.NODE_ENV = NODE_ENV
    if (NODE_ENV === undefined) delete process.env.NODE_ENV
  })
  process.env.NODE_ENV = 'development'
  t.strictSame(
    { ...resolveOptions({}) },
    {
      bodyLimit: undefined,
      catchAll: true,
      closeTimeout: 10_000,
      drainDelay: 0,
      conf: {},
      dev: true,
      dir: resolve('.'),
      hostname: 'localhost',
      httpServer: undefined,
      logLevel: undefined,
      noServeAssets: false,
      onNextError: undefined,
      port: undefined,
      prerenderCache: { maxBytes: 52_428_800 },
      quiet: false,
      serverTiming: false,
      sharedCache: undefined,
      staticAssets: true,
      turbo: false,
      turbopack: false,
      underPressure: false,
      webpack: false,
      websocketRewrites: false
    }
  )
  process.env.NODE_ENV = 'production'
  t.equal(resolveOptions({}).dev, false)
  t.equal(resolveOptions({ dev: true }).dev, true)
  t.equal(resolveOptions({ dev: undefined, dir: undefined }).dir, resolve('.'))
})

t.test("the user's object is neither changed nor kept", async t => {
  const conf = { compress: false }
  const options = Object.freeze({ conf, dir: 'test' })
  const settings = resolveOptions(options)
  conf.compress = true
  t.strictSame(settings.conf, { compress: false })
  t.ok(Object.isFrozen(settings))
  t.ok(Object.isFrozen(settings.conf))
  const underPressure = { maxRssBytes: 1 }
  const copy = resolveOptions({ underPressure }).underPressure
  t.ok(Object.isFrozen(copy))
  t.not(copy, underPressure)
})

t.test('logLevel is that of the routes of Next', async t => {
  const dir = await builtFixture('app')
  const lines: string[] = []
  const fastify = Fastify({
    logger: { stream: { write: (line: string) => void lines.push(line) } }
  })
  t.teardown(() => fastify.close())
  await fastify.register(fastifyNext, { dir, dev: false, logLevel: 'silent' })
  fastify.get('/own', async () => 'own')
  const ofRequests = () => lines.filter(line => 'reqId' in JSON.parse(line))
  await fastify.inject('/static')
  t.strictSame(ofRequests(), [])
  await fastify.inject('/own')
  t.equal(ofRequests().length, 2)
})
