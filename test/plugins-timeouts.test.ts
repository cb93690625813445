import { once } from 'node:events'
import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { event } from './helpers/event.js'
import { gate, setGlobal } from './helpers/globals.js'
import { overEveryProtocol } from './helpers/protocols.js'

t.test('onTimeout runs when a page takes longer than the connection may', async t => {
  let timedOut = event<string>('onTimeout')
  const setup = {
    server: { connectionTimeout: 300 },
    before: (fastify: FastifyInstance) =>
      fastify.addHook('onTimeout', async ({ url }) => timedOut.happen(url))
  }
  await overEveryProtocol(t, setup, async (t, { client, protocol }) => {
    // Fastify does not arm it for HTTP/2.
    if (protocol.version === '2.0') return
    for (const [page, name] of [
      ['/api-route/slow', 'slowRoute'],
      ['/stream', 'slowPart']
    ] as const) {
      timedOut = event('onTimeout')
      const slow = gate(t, name)
      const rejected = t.rejects(client.ask(page), page)
      t.equal(await timedOut.happened, page)
      await rejected
      slow.open()
    }
  })
})

t.test('onRequestAbort runs when a client leaves', async t => {
  let aborted = event<string>('onRequestAbort')
  let reached = event('the preHandler hook')
  let released = Promise.resolve('')
  const setup = {
    before(fastify: FastifyInstance) {
      fastify.addHook('onRequestAbort', async ({ url }) => aborted.happen(url))
      fastify.addHook('preHandler', async () => {
        reached.happen()
        await released
      })
    }
  }
  await overEveryProtocol(t, setup, async (t, { client, kinds }) => {
    for (const kind of await kinds()) {
      aborted = event('onRequestAbort')
      reached = event('the preHandler hook')
      released = aborted.happened
      await client.abandon(kind, reached.happened)
      t.equal(await aborted.happened, kind.path, kind.name)
    }
    released = Promise.resolve('')

    aborted = event('onRequestAbort')
    const streaming = gate(t, 'slowPart')
    const { leave } = await client.begin('/stream')
    await streaming.entered
    leave()
    t.equal(await aborted.happened, '/stream', 'after the head')
    streaming.open()

    aborted = event('onRequestAbort')
    const started = event('the route handler')
    const told = event('the abort signal of the route handler')
    setGlobal(t, 'slowRoute', async (signal: AbortSignal) => {
      started.happen()
      await once(signal, 'abort')
      told.happen()
    })
    await client.abandon('/api-route/slow', started.happened)
    t.equal(await aborted.happened, '/api-route/slow', 'before the head')
    await told.happened
  })
})

t.test('a handlerTimeout answers for a page that takes longer, and ends streams', async t => {
  const setup = { server: { handlerTimeout: 500 } }
  await overEveryProtocol(t, setup, async (t, { client }) => {
    // The first one takes longer, and is answered before there is anything to cut.
    await client.ask('/stream')
    const aborted = event('the abort signal of the route handler')
    setGlobal(t, 'slowRoute', async (signal: AbortSignal) => {
      await once(signal, 'abort')
      aborted.happen()
    })
    const { status, body } = await client.ask('/api-route/slow')
    t.equal(status, 503)
    t.match(JSON.parse(body), { code: 'FST_ERR_HANDLER_TIMEOUT' })
    await aborted.happened
    const streaming = gate(t, 'slowPart')
    await t.rejects(client.ask('/stream'), 'a cut answer is no complete one')
    streaming.open()
  })
})

t.test('a handlerTimeout is off over HTTP/1.1 once a body has been read: fastify#6725', async t => {
  const setup = { fixture: 'same/main', server: { handlerTimeout: 200 } }
  await overEveryProtocol(t, setup, async (t, { client, protocol }) => {
    const slow = gate(t, 'slow')
    const posted = client.ask({ method: 'POST', path: '/route/slow', body: 'text' })
    await slow.entered
    // Its time is over when that of a later request is.
    t.equal((await client.ask('/route/slow')).status, 503)
    slow.open()
    const { status, body } = await posted
    if (protocol.version === '2.0') t.equal(status, 503)
    else t.strictSame([status, body], [200, 'text at last'])
  })
})
