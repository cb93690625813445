import { AsyncLocalStorage } from 'node:async_hooks'
import { createRequire } from 'node:module'
import type { FastifyBaseLogger } from 'fastify'
import t from 'tap'
import { forDevelopers } from '../src/logs/described-error.js'
import { answered } from './helpers/answered.js'
import { fixturePath } from './helpers/fixture.js'
import { setGlobal } from './helpers/globals.js'
import { keptLog } from './helpers/log.js'
import { notedConsole } from './helpers/noted-console.js'
import { serve } from './helpers/serve.js'

const fixture = 'logs'
const METHODS = ['log', 'info', 'warn', 'error', 'debug', 'dir', 'dirxml', 'table', 'trace']

type Method = (...args: unknown[]) => void

/** All that is the process's, and that the plugin puts something around. */
function ownProperties() {
  const ofConsole = METHODS.map(name => Object.getOwnPropertyDescriptor(console, name))
  return [...ofConsole, Object.getOwnPropertyDescriptor(process.stdout, 'write')]
}

t.before(async () => {
  // Next puts its own around the console as it is loaded, for good.
  createRequire(fixturePath('package.json'))('next/dist/server/node-environment')
})

t.test('the console is put back at close, and is left alone outside of Next', async t => {
  const printed = notedConsole(t)
  const before = ownProperties()
  const log = keptLog()
  const { fastify, url } = await serve(t, {
    fixture,
    server: { logger: log.logger },
    after: fastify => fastify.get('/own', async () => console.log('Said by a route'))
  })
  setGlobal(t, 'runInPage', () => console.log('Said by a page'))
  await answered(`${url}/own`)
  await answered(`${url}/given`)
  console.log('Said by the server')
  t.strictSame(printed, [['Said by a route'], ['Said by the server']])
  await log.until('Said by a page')
  await fastify.close()
  t.strictSame(ownProperties(), before)
})

t.test('it is put back when the registration fails', async t => {
  const before = ownProperties()
  await t.rejects(serve(t, { fixture, options: { dir: fixturePath('broken-config') } }), {
    code: 'FST_NEXT_CONFIG_FAILED'
  })
  t.strictSame(ownProperties(), before)
})

t.test('each app has its own log, until the last one has closed', async t => {
  const before = ownProperties()
  const first = keptLog()
  const second = keptLog()
  const ofFirst = await serve(t, { fixture, server: { logger: first.logger } })
  const ofSecond = await serve(t, { fixture: 'plain', server: { logger: second.logger } })
  setGlobal(t, 'runInPage', () => console.warn('Said by the first'))
  await answered(`${ofFirst.url}/given`)
  await first.until('Said by the first')
  await ofSecond.fastify.close()
  first.take()
  await answered(`${ofFirst.url}/given`)
  await first.until('Said by the first')
  t.notOk(second.take().some(({ msg }) => msg === 'Said by the first'))
  await ofFirst.fastify.close()
  t.strictSame(ownProperties(), before)
})

t.test('loggers run outside of renders, in the context of the request', async t => {
  const storage = 'next/dist/server/app-render/work-unit-async-storage.external'
  const { workUnitAsyncStorage } = createRequire(fixturePath('package.json'))(storage)
  const requests = new AsyncLocalStorage<string>()
  const renders: unknown[] = []
  const mixin = () => {
    renders.push(workUnitAsyncStorage.getStore())
    return { user: requests.getStore() }
  }
  const log = keptLog()
  const { url } = await serve(t, {
    fixture,
    server: { logger: { ...log.logger, mixin } },
    before: fastify =>
      fastify.addHook('onRequest', (_request, _reply, done) => {
        requests.run('Ada', done)
      })
  })
  // As it is in a prerender, where Next does not expect anybody to look at the clock.
  setGlobal(t, 'runInPage', (console: Console) => {
    workUnitAsyncStorage.run({ type: 'request' }, () => console.log('Said in a render'))
  })
  renders.length = 0
  await answered(`${url}/given`)
  await log.until('Said in a render')
  const [line] = log.take().filter(({ msg }) => msg === 'Said in a render')
  t.match(line, { reqId: 'req-1', user: 'Ada' })
  t.ok(renders.length > 0 && renders.every(store => store === undefined))
})

t.test('a logger may use the console itself', async t => {
  const printed = notedConsole(t)
  const logger = (bindings: object): FastifyBaseLogger => {
    const info: Method = (...args) => console.log('logged', bindings, ...args)
    const error: Method = (...args) => console.error('logged', bindings, ...args)
    const methods = { info, error, warn: info, debug: info, trace: info, fatal: error }
    const child = (more: object) => logger({ ...bindings, ...more })
    return { ...methods, child, level: 'info', silent: () => {} } as FastifyBaseLogger
  }
  const { url } = await serve(t, { fixture, server: { loggerInstance: logger({}) } })
  setGlobal(t, 'runInPage', () => console.log('Said by a page'))
  printed.length = 0
  await answered(`${url}/given`)
  const lines = printed.filter(args => args.includes('Said by a page'))
  t.strictSame(lines, [['logged', { reqId: 'req-1', module: 'next' }, 'Said by a page']])
})

t.test('a logger may have one function for all levels', async t => {
  const told: unknown[][] = []
  const tell = (...args: unknown[]) => void told.push(args)
  const levels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace'] as const
  const loggerInstance = Object.fromEntries(levels.map(level => [level, tell])) as never
  Object.assign(loggerInstance, { child: () => loggerInstance })
  const { url } = await serve(t, { fixture, server: { loggerInstance } })
  setGlobal(t, 'runInPage', () => console.log('Said by a page'))
  await answered(`${url}/given`)
  t.ok(told.some(args => args.includes('Said by a page')))
})

t.test('an error keeps what it has of its own', async t => {
  const error = Object.assign(new TypeError('The reason', { cause: new Error('Another') }), {
    code: 'E_OWN',
    statusCode: 418
  })
  const described = forDevelopers(error)
  t.strictSame({ ...described }, { code: 'E_OWN', statusCode: 418 })
  t.equal(described.message, 'The reason')
  t.type(described, TypeError)
  t.match(described.stack, /The reason.*Another/s)
  t.equal(described.cause, undefined, 'the stack has it')
})

t.test('an error that nobody catches has the request and the route', async t => {
  const log = keptLog()
  const { url } = await serve(t, { fixture: 'process-errors', server: { logger: log.logger } })
  await answered(`${url}/errors/timer`)
  await log.until('Uncaught exception in Next.js')
  const errors = log.take().filter(({ level }) => level === 50)
  t.match(errors, [
    { module: 'next', reqId: 'req-1', route: '/errors/[kind]', err: { message: 'Left by Next' } }
  ])
})

t.test('so it has where the log level of its route is silent', async t => {
  const log = keptLog()
  const options = { logLevel: 'silent' } as const
  const server = { logger: log.logger }
  const { url } = await serve(t, { fixture: 'process-errors', options, server })
  await answered(`${url}/errors/timer`)
  await log.until('Uncaught exception in Next.js')
  const errors = log.take().filter(({ level }) => level === 50)
  t.match(errors, [{ module: 'next', err: { message: 'Left by Next' } }])
})

t.test('what is formatted with an error, or with colours', async t => {
  const log = keptLog()
  const { url } = await serve(t, { fixture, server: { logger: log.logger } })
  const error = new TypeError('The reason', { cause: new Error('The cause') })
  setGlobal(t, 'runInPage', (console: Console) => {
    console.error(error)
    console.error('\n%s has failed with %O\n', 'It', error)
    console.warn('Failed:', 1, error)
    console.log('\x1b[32mgreen\x1b[39m', { a: 1 })
    console.log('\x1b[0m\x1b[7m%c%s\x1b[0m%c %s', 'color: red', ' Cache ', '', 'Said again')
    console.log('   \n  100%  \n')
    console.log()
    console.log('The end')
  })
  await answered(`${url}/given`)
  await log.until('The end')
  const err = {
    type: 'TypeError',
    message: /^The reason/,
    stack: /The reason\n {4}at (.*\n)+.*The cause/
  }
  const lines = log.take().filter(({ module }) => module === 'next')
  t.match(lines.slice(-7), [
    { level: 50, msg: 'The reason', err },
    { level: 50, msg: 'It has failed with TypeError: The reason', err },
    { level: 40, msg: 'Failed: 1', err },
    { level: 30, msg: 'green { a: 1 }' },
    { level: 30, msg: '[Cache] Said again' },
    { level: 30, msg: '  100%' },
    { level: 30, msg: 'The end' }
  ])
})
