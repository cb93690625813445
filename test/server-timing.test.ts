import t from 'tap'
import { setGlobal } from './helpers/globals.js'
import { serve } from './helpers/serve.js'

const FROM_NEXT = /^fastify;dur=\d+\.\d\d, next;dur=\d+\.\d\d$/
const FROM_MEMORY = /^fastify;dur=\d+\.\d\d, memory;dur=\d+\.\d\d$/
const fixture = 'observed'
const options = { serverTiming: true }

t.test('answers of Next and of the memory tell their times', async t => {
  const { fastify, url } = await serve(t, {
    fixture,
    options,
    after(fastify) {
      fastify.get('/own', async () => 'own')
      fastify.get('/rendered', (_request, reply) => reply.nextRender('/blog/rendered'))
    }
  })
  const timingOf = async (path: string) => {
    const answer = await fetch(url + path)
    const text = await answer.text()
    return { answer, text, timing: answer.headers.get('server-timing') }
  }
  t.match((await timingOf('/blog/one')).timing, FROM_NEXT)
  t.match((await timingOf('/posts/one')).timing, FROM_NEXT)
  const { answer, timing } = await timingOf('/posts/one')
  t.match(timing, FROM_MEMORY)
  // fetch() would ask for an answer that is not kept.
  const etag = String(answer.headers.get('etag'))
  const headers = { 'accept-encoding': 'gzip', 'if-none-match': etag }
  const again = await fastify.inject({ url: '/posts/one', headers })
  t.equal(again.statusCode, 304)
  t.match(again.headers['server-timing'], FROM_MEMORY)
  t.match((await timingOf('/rendered')).timing, FROM_NEXT)
  t.equal((await timingOf('/own')).timing, null)

  const { text } = await timingOf('/blog/one')
  const [, file] = /src="(\/_next\/static\/[^"]+\.js)"/.exec(text) ?? []
  t.match((await timingOf(String(file))).timing, FROM_NEXT)
  t.match((await timingOf(String(file))).timing, FROM_MEMORY)
})

t.test('the time of hooks is with Fastify, the time of a page with Next', async t => {
  const { url } = await serve(t, {
    fixture,
    options,
    before: fastify =>
      fastify.addHook('preHandler', async ({ headers }) => {
        if (headers['x-slow']) await passed(100)
      })
  })
  const timesOf = async (path: string, headers = {}) => {
    const { headers: answered } = await fetch(url + path, { headers })
    const text = String(answered.get('server-timing'))
    const [ofFastify, ofNext] = [...text.matchAll(/dur=([\d.]+)/g)].map(([, ms]) => Number(ms))
    return { ofFastify, ofNext }
  }
  await timesOf('/blog/one')
  const slowHook = await timesOf('/blog/one', { 'x-slow': '1' })
  t.ok(Number(slowHook.ofFastify) >= 99, `${slowHook.ofFastify} ms`)
  setGlobal(t, 'inBlog', () => passed(100))
  const slowPage = await timesOf('/blog/one')
  t.ok(Number(slowPage.ofNext) >= 99, `${slowPage.ofNext} ms`)
  t.ok(Number(slowPage.ofFastify) < Number(slowPage.ofNext))
})

t.test('what hooks, handlers and pages tell themselves stays', async t => {
  const { url } = await serve(t, {
    fixture,
    options,
    before(fastify) {
      fastify.addHook('onRequest', async (_request, reply) => {
        reply.header('server-timing', 'db;dur=5')
      })
    },
    after: fastify => fastify.get('/rendered', (_request, reply) => reply.nextRender('/timed'))
  })
  const timingOf = async (path: string) => (await fetch(url + path)).headers.get('server-timing')
  for (const path of ['/blog/one', '/posts/one', '/posts/one']) {
    t.match(await timingOf(path), /^db;dur=5, fastify;dur=[\d.]+, (?:next|memory);dur=/)
  }
  t.match(await timingOf('/timed'), /^db;dur=5, app;dur=1, fastify;dur=/)
  t.match(await timingOf('/rendered'), /^db;dur=5, fastify;dur=/, 'a handler has the last word')
})

t.test('by default nothing is told', async t => {
  const { url } = await serve(t, { fixture })
  for (const path of ['/blog/one', '/posts/one', '/posts/one']) {
    t.equal((await fetch(url + path)).headers.get('server-timing'), null)
  }
})

/** Resolves once a time has passed on the clock that is read: timers may be a little early. */
async function passed(ms: number): Promise<void> {
  const until = performance.now() + ms
  while (performance.now() < until) await new Promise(resolve => setTimeout(resolve, 1))
}
