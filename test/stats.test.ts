import t from 'tap'
import { until } from './helpers/connection.js'
import { event } from './helpers/event.js'
import { setGlobal } from './helpers/globals.js'
import { serve } from './helpers/serve.js'

const fixture = 'observed'

t.test('requests and work that are under way are counted', async t => {
  const { fastify, url } = await serve(t, { fixture })
  const reached = event('the page has begun')
  const released = event('the page goes on')
  setGlobal(t, 'inBlog', () => {
    reached.happen()
    return released.happened
  })
  const answer = fetch(`${url}/blog/one`)
  await reached.happened
  t.match(fastify.nextStats(), { inFlight: 1, backgroundTasks: 0 })
  const worked = event('the work after the answer goes on')
  released.happen()
  await (await answer).text()
  const isIdle = () => fastify.nextStats().inFlight === 0
  await until('the end of all answers', isIdle)
  t.equal(fastify.nextStats().backgroundTasks, 0)

  setGlobal(t, 'afterWork', () => worked.happened)
  await (await fetch(`${url}/after`)).text()
  await until('the work of after()', () => fastify.nextStats().backgroundTasks === 1)
  worked.happen()
  await until('the end of that work', () => fastify.nextStats().backgroundTasks === 0)
  t.ok(isIdle())
})

t.test('what comes from memory is counted, and what does not by its reason', async t => {
  const { fastify } = await serve(t, { fixture })
  const ask = (url: string, method: 'GET' | 'HEAD' | 'POST' = 'GET', headers = {}) =>
    fastify.inject({ url, method, headers })
  const empty = fastify.nextStats()
  t.match(empty, {
    staticAssets: { hits: 0, misses: { absent: 0, request: 0 } },
    prerenderCache: { hits: 0, misses: { off: 0, request: 0, absent: 0 }, bytes: 0 }
  })
  t.ok(empty.staticAssets.bytes > 100_000)

  const { body } = await ask('/blog/one')
  await ask('/posts/one')
  await ask('/posts/one')
  await ask('/posts/one', 'HEAD', { range: 'bytes=0-1' })
  await ask('/posts/one', 'POST')
  const { hits, misses, bytes } = fastify.nextStats().prerenderCache
  t.equal(hits, 1)
  const none = { off: 0, expired: 0, stale: 0, conditional: 0 }
  t.strictSame(misses, { ...none, absent: 2, request: 2 })
  t.ok(bytes > 1_000)

  const [, file = ''] = /src="(\/_next\/static\/[^"]+\.js)"/.exec(body) ?? []
  await ask(file)
  await ask(file)
  await ask(file, 'GET', { range: 'bytes=0-1,5-6' })
  t.match(fastify.nextStats().staticAssets, { hits: 1, misses: { absent: 1, request: 1 } })
  t.match(fastify.nextStats().prerenderCache.misses, { absent: 2 }, 'a file is no page')
  t.match(empty.prerenderCache.hits, 0, 'what was told before stays')
})

t.test('with nothing kept all is off', async t => {
  const { fastify } = await serve(t, {
    fixture,
    options: { prerenderCache: false, staticAssets: false }
  })
  await fastify.inject('/posts/one')
  await fastify.inject('/posts/one')
  t.match(fastify.nextStats(), {
    staticAssets: { hits: 0, misses: { absent: 0, request: 0 }, bytes: 0 },
    prerenderCache: { hits: 0, misses: { off: 2, absent: 0 }, bytes: 0 }
  })
})
