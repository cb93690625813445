import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import type { FastifyNextOptions, NextErrorContext } from '../src/index.js'
import { event } from './helpers/event.js'
import { setGlobal } from './helpers/globals.js'
import { keptLog } from './helpers/log.js'
import { notedConsole } from './helpers/noted-console.js'
import { serve } from './helpers/serve.js'
import { until } from './helpers/twins.js'

interface Told {
  message: string
  reqId: string
  context: NextErrorContext
}

/** Serves an app that is told of errors, and notes what. */
async function serveTold(
  t: Test,
  fixture: string,
  options?: FastifyNextOptions,
  { after, level = 'info' }: { after?(fastify: FastifyInstance): void; level?: string } = {}
) {
  const log = keptLog()
  const told: Told[] = []
  const onNextError: FastifyNextOptions['onNextError'] = (error, { id }, context) => {
    told.push({ message: (error as Error).message, reqId: id, context })
  }
  const { fastify, url } = await serve(t, {
    fixture,
    options: { onNextError, ...options },
    server: { logger: { ...log.logger, level } },
    ...(after && { after })
  })
  const load = async (path: string) => (await fetch(url + path)).text()
  return { fastify, load, log, told }
}

t.test('why a kept page was rendered anew is told', async t => {
  const { load, log, told } = await serveTold(t, 'observed')
  setGlobal(t, 'renew', () => {
    throw new Error('The renewal has failed')
  })
  // It is stale a second after it was built.
  await until(async () => {
    await load('/renewed')
    return told.length > 0 ? true : undefined
  })
  const context = { route: '/renewed', revalidateReason: 'stale' }
  t.match(told[0], { message: 'The renewal has failed', reqId: /^req-/, context })
  const [line] = log.take().filter(({ msg }) => msg === 'The renewal has failed')
  t.match(line, { reqId: told[0]?.reqId, ...context })
})

t.test('a listener that fails is logged, and changes no answer', async t => {
  for (const fail of [
    () => {
      throw new Error('Thrown')
    },
    async () => {
      throw new Error('Rejected')
    }
  ]) {
    const { load, log } = await serveTold(t, 'observed', { onNextError: fail })
    t.match(await load('/throws/one'), '__next_error__')
    await log.until('onNextError has failed')
    const lines = log.take()
    t.match(
      lines.find(({ msg }) => msg === 'onNextError has failed'),
      { level: 50, reqId: /^req-/, err: { message: /^(?:Thrown|Rejected)$/ } }
    )
  }
})

t.test('what Next reports twice is told once', async t => {
  const { load, log, told } = await serveTold(t, 'observed')
  await load('/posts/broken')
  t.match(told, [{ message: 'The post has failed', context: { route: '/posts/[slug]' } }])
  t.equal(told.length, 1)
  t.equal(log.take().filter(({ msg }) => msg === 'The post has failed').length, 1)
})

t.test('why it was rendered on demand is told', async t => {
  const { load, told } = await serveTold(t, 'observed')
  setGlobal(t, 'renew', () => {
    throw new Error('The renewal has failed')
  })
  await load('/api/renewing')
  const renewal = told.find(({ message }) => message === 'The renewal has failed')
  t.match(renewal?.context, { route: '/renewed', revalidateReason: 'on-demand' })
})

t.test('a proxy that fails for a page from a handler is told, too', async t => {
  const { load, told } = await serveTold(t, 'observed', undefined, {
    after: fastify => fastify.get('/led', (_request, reply) => reply.nextRender('/proxied'))
  })
  await load('/led')
  t.match(told, [{ message: 'The proxy has failed', context: { route: '/proxy' } }])
})

t.test('what the listener and routes of Fastify fetch is not kept for the page', async t => {
  const printed = notedConsole(t)
  let requests = 0
  const upstream = createServer((_request, response) => response.end(String(++requests)))
  await new Promise<void>(resolve => upstream.listen(0, '127.0.0.1', resolve))
  t.teardown(() => upstream.close())
  const { port } = upstream.address() as AddressInfo
  const ask = async () => (await fetch(`http://127.0.0.1:${port}/`)).text()
  let isFailing = false
  const { fastify, load, log } = await serveTold(
    t,
    'observed',
    { onNextError: ask },
    {
      after(fastify) {
        fastify.get('/fetching', async () => {
          console.log('Said by a route that a page asks')
          return isFailing ? 'fail' : ask()
        })
      }
    }
  )
  t.match(await load('/kept-fetch'), '<p>1</p>')
  t.match(await load('/kept-fetch'), '<p>2</p>')
  t.strictSame(printed, Array(2).fill(['Said by a route that a page asks']))
  isFailing = true
  for (let failure = 0; failure < 2; failure++) await load('/kept-fetch')
  await fastify.close()
  t.equal(requests, 4)
  t.notOk(log.take().some(({ msg }) => msg === 'Said by a route that a page asks'))
})

t.test('close() waits for the listener', async t => {
  const begun = event('the listener has begun')
  const released = event('the listener may end')
  let hasEnded = false
  const { fastify, load } = await serveTold(t, 'observed', {
    async onNextError() {
      begun.happen()
      await released.happened
      hasEnded = true
    }
  })
  await load('/throws/one')
  await begun.happened
  t.equal(fastify.nextStats().backgroundTasks, 1)
  const closed = fastify.close()
  released.happen()
  await closed
  t.ok(hasEnded)
})

t.test('where nothing is logged the listener is told', async t => {
  const { load, log, told } = await serveTold(t, 'observed', {}, { level: 'silent' })
  for (const path of ['/throws/one', '/proxied']) await load(path)
  t.match(told, [
    { message: 'The page one has failed', context: { route: '/throws/[slug]' } },
    { message: 'The proxy has failed', context: { route: '/proxy' } }
  ])
  t.strictSame(log.take(), [])
})

t.test('what is printed right before the end is in the log', async t => {
  const { fastify, load, log } = await serveTold(t, 'observed')
  const printed = event('the work has begun')
  setGlobal(t, 'afterWork', printed.happen)
  await load('/after')
  await printed.happened
  await fastify.close()
  t.ok(log.take().some(({ msg }) => msg === 'An error occurred in a function passed to `after()`'))
})

t.test('each of two apps is told of its own', async t => {
  const first = await serveTold(t, 'observed')
  const second = await serveTold(t, 'logs')
  await second.load('/throws/two')
  await first.load('/throws/one')
  await second.log.until('The page two has failed')
  await first.log.until('The page one has failed')
  t.match(first.told, [{ message: 'The page one has failed', reqId: 'req-1' }])
  t.match(second.told, [{ message: 'The page two has failed', reqId: 'req-1' }])
  t.equal(first.told.length, 1)
  t.equal(second.told.length, 1)
})
