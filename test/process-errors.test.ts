import { createRequire } from 'node:module'
import { join } from 'node:path'
import t from 'tap'
import { answered } from './helpers/answered.js'
import { event } from './helpers/event.js'
import { fixturePath } from './helpers/fixture.js'
import { setGlobal } from './helpers/globals.js'
import { keptLog } from './helpers/log.js'
import { serve } from './helpers/serve.js'

const fixture = 'process-errors'

const LEFT_BY_NEXT: [path: string, message: string, kind?: string][] = [
  ['/errors/timer', 'Left by Next'],
  ['/errors/tick', 'Left by Next'],
  ['/errors/microtask', 'Left by Next'],
  ['/errors/rejection', 'Left by Next', 'rejection'],
  ['/errors/async%20rejection', 'Left by Next', 'rejection'],
  ['/errors/after%20timer', 'Left by Next'],
  ['/page-timer', 'In the timer of a page'],
  ['/late', 'Awaited late', 'rejection'],
  ['/api/timer', 'Left by a handler of the Pages Router'],
  ['/api/body', 'Left by a listener of a request'],
  ['/api/body?async', 'Left by a listener of a request', 'rejection']
]

t.test('an error that Next leaves uncaught is logged, and nobody else is told', async t => {
  const log = keptLog()
  const { url } = await serve(t, { fixture, server: { logger: log.logger } })
  const told: unknown[] = []
  for (const event of ['uncaughtException', 'unhandledRejection', 'rejectionHandled', 'warning']) {
    const listener = (...args: unknown[]) => void told.push([event, ...args])
    process.on(event, listener)
    t.teardown(() => process.off(event, listener))
  }
  for (const [path, message, kind] of LEFT_BY_NEXT) {
    log.take()
    const init = path.startsWith('/api/body') ? { method: 'POST', body: 'A body' } : {}
    t.equal((await answered(url + path, init)).status, 200, path)
    const msg =
      kind === 'rejection' ? 'Unhandled rejection in Next.js' : 'Uncaught exception in Next.js'
    await log.until(msg)
    const lines = log.take().filter(({ level }) => level > 30)
    t.match(lines, [{ level: 50, msg, err: { message, stack: /\n {4}at / } }], path)
    t.equal(lines.length, 1, path)
  }
  t.equal((await answered(url)).status, 200, 'the server goes on')
  t.strictSame(told, [])
})

t.test('what is not an error is logged as it is', async t => {
  const log = keptLog()
  const { url } = await serve(t, { fixture, server: { logger: log.logger } })
  await answered(`${url}/errors/not%20an%20error`)
  await log.until('Unhandled rejection in Next.js')
  const errors = log.take().filter(({ level }) => level === 50)
  t.match(errors, [{ err: 'Left by Next' }])
})

t.test('a rejection that a library emits without a promise is logged', async t => {
  const log = keptLog()
  const { url } = await serve(t, { fixture, server: { logger: log.logger } })
  setGlobal(t, 'leaveErrors', () => {
    Reflect.apply(process.emit, process, ['unhandledRejection', new Error('Emitted')])
  })
  t.equal((await answered(`${url}/errors/given`)).status, 200)
  const errors = log.take().filter(({ level }) => level > 30)
  t.match(errors, [{ level: 50, err: { message: 'Emitted' } }])
})

t.test('an app whose directory is a symbolic link is known by its code, too', async t => {
  const dir = join(t.testdir({ current: t.fixture('symlink', fixturePath(fixture)) }), 'current')
  const log = keptLog()
  const { url } = await serve(t, { fixture, options: { dir }, server: { logger: log.logger } })
  for (const [path, init] of [
    ['/errors/microtask', {}],
    ['/api/body', { method: 'POST', body: 'A body' }]
  ] as const) {
    t.equal((await answered(url + path, init)).status, 200, path)
    await log.until('Uncaught exception in Next.js')
    log.take()
  }
})

t.test('what pages await is logged until the close of all plugins has ended', async t => {
  const log = keptLog()
  let endPool = (_reason: Error) => {}
  setGlobal(t, 'leaveErrors', () => {
    void new Promise<void>((_, reject) => {
      endPool = reject
    })
  })
  const ended: string[] = []
  const { fastify, url } = await serve(t, {
    fixture,
    server: { logger: log.logger },
    before(fastify) {
      fastify.addHook('onClose', async () => void ended.push('metrics'))
      fastify.addHook('onClose', async () => {
        endPool(new Error('The pool has ended'))
        await log.until('Unhandled rejection in Next.js')
        ended.push('pool')
      })
    }
  })
  await answered(`${url}/errors/given`)
  log.take()
  await fastify.close()
  t.strictSame(ended, ['pool', 'metrics'])
  const errors = log.take().filter(({ level }) => level > 30)
  t.match(errors, [{ level: 50, err: { message: 'The pool has ended' } }])
})

t.test('a page that fails as the client leaves does no harm', async t => {
  const log = keptLog()
  const { url } = await serve(t, { fixture, server: { logger: log.logger } })
  const leaving = new AbortController()
  const { body } = await fetch(`${url}/errors/abort`, { signal: leaving.signal })
  await body?.getReader().read()
  leaving.abort()
  await log.until('Unhandled rejection in Next.js')
  t.equal((await answered(url)).status, 200)
})

t.test('without a logger the console has it', async t => {
  const printed = event<unknown[]>('console.error()')
  const { error } = console
  t.teardown(() => {
    console.error = error
  })
  const { url } = await serve(t, { fixture })
  console.error = (...args) => printed.happen(args)
  await answered(`${url}/errors/timer`)
  t.match(await printed.happened, ['Uncaught exception in Next.js:', { message: 'Left by Next' }])
})

t.test('rejections of a prerender that Next has aborted are expected', async t => {
  const log = keptLog()
  const { url } = await serve(t, { fixture, server: { logger: log.logger } })
  const storage = 'next/dist/server/app-render/work-unit-async-storage.external'
  const { workUnitAsyncStorage } = createRequire(fixturePath('package.json'))(storage)
  const reject = (renderSignal: AbortSignal, message: string) => {
    // As little as Next's own way to a rejection needs: it looks at no clock.
    const store = { type: 'prerender', renderSignal }
    workUnitAsyncStorage.run(store, () => void Promise.reject(new Error(message)))
  }
  setGlobal(t, 'leaveErrors', () => {
    reject(AbortSignal.abort(), 'Of an aborted prerender')
    reject(new AbortController().signal, 'Of another prerender')
  })
  await answered(`${url}/errors/given`)
  await log.until('Unhandled rejection in Next.js')
  const errors = log.take().filter(({ level }) => level > 30)
  t.match(errors, [{ err: { message: 'Of another prerender' } }])
  t.equal(errors.length, 1)
})
