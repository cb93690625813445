import fastifyCookie from '@fastify/cookie'
import fastifySession from '@fastify/session'
import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { gate, setGlobal } from './helpers/globals.js'
import { count } from './helpers/lane.js'
import { keptLog } from './helpers/log.js'
import { serve } from './helpers/serve.js'
import { until } from './helpers/twins.js'

declare module 'fastify' {
  interface FastifyRequest {
    user: string
  }
  interface FastifyInstance {
    greeting: string
  }
  interface Session {
    visitor?: string
  }
}

/** What a server has that pages are to reach. */
async function before(fastify: FastifyInstance): Promise<void> {
  await fastify.register(fastifyCookie)
  await fastify.register(fastifySession, {
    secret: 'a secret that is long enough for a session',
    cookie: { secure: false }
  })
  fastify.decorate('greeting', 'hello')
  fastify.decorateRequest('user', '')
  fastify.addHook('onRequest', async request => {
    request.user = String(request.headers['x-user'] ?? 'nobody')
  })
  fastify.get('/me', async ({ headers }) => ({ cookie: headers.cookie ?? null }))
}

const served = await serve(t, { fixture: 'context', before })
const load = (path: string, user = 'ada', init: RequestInit = {}) =>
  fetch(`${served.url}${path}`, { ...init, headers: { 'x-user': user, ...init.headers } })
/** Has the form of a page act, as a browser without scripts does. */
async function post(path: string) {
  const page = await load(path)
  const [, action] = /name="(\$ACTION_ID_\w+)"/.exec(await page.text()) ?? []
  const body = new FormData()
  body.set(String(action), '')
  return load(path, 'ada', { method: 'POST', body })
}

const textOf = async (path: string, user?: string) => (await load(path, user)).text()
const paragraphs = (html: string) => [...html.matchAll(/<p>(.*?)<\/p>/g)].map(([, text]) => text)

t.test('layouts, metadata, pages and their parts have the request', async t => {
  const html = await textOf('/in/one')
  t.match(html, '<title>metadata ada</title>')
  t.strictSame(paragraphs(html).sort(), ['layout ada', 'page ada hello', 'suspense ada', 'waiting'])
})

t.test('overlapping requests have each their own', async t => {
  const afters: [name: string, user: string][] = []
  setGlobal(t, 'contextAfter', (...seen: [string, string]) => void afters.push(seen))
  const mixedUp: string[] = []
  const rounds = count(4, 200)
  for (let round = 0; round < rounds; round++) {
    const users = Array.from({ length: 50 }, (_, index) => `user${round}-${index}`)
    const pages = await Promise.all(users.map(user => textOf(`/in/${user}`, user)))
    for (const [index, html] of pages.entries()) {
      const user = users[index]
      const parts = paragraphs(html).filter(text => text !== 'waiting')
      const seen = [...parts, /<title>(.*?)<\/title>/.exec(html)?.[1]].sort().join()
      const expected = `layout ${user},metadata ${user},page ${user} hello,suspense ${user}`
      if (seen !== expected) mixedUp.push(seen)
    }
  }
  t.strictSame(mixedUp, [])
  await until(async () => (afters.length === rounds * 50 ? true : undefined))
  t.strictSame(
    afters.filter(([name, user]) => name !== user),
    []
  )
})

t.test('an action saves sessions, cookies, headers and the status', async t => {
  const acted = await post('/action')
  t.equal(acted.status, 202)
  t.equal(acted.headers.get('x-acted'), 'ada')
  const cookies = acted.headers.getSetCookie()
  t.ok(cookies.some(cookie => cookie.startsWith('theme=dark')))
  t.match(await acted.text(), 'visitor ada')
  const session = cookies.find(cookie => cookie.startsWith('sessionId='))
  const headers = { cookie: String(session?.split(';', 1)[0]) }
  t.match(await (await load('/action', 'bob', { headers })).text(), 'visitor ada')
})

t.test('a route handler has request, reply and instance', async t => {
  const answer = await load('/handler', 'ada', { headers: { cookie: 'own=1' } })
  t.equal(answer.status, 203)
  t.equal(answer.headers.get('x-handled'), 'ada')
  t.equal(answer.headers.get('cache-control'), 'private, max-age=5', 'the last word')
  t.match(await answer.json(), { user: 'ada', id: /^req-/, me: { cookie: 'own=1' } })
  const posted = await load('/handler', 'ada', { method: 'POST' })
  t.strictSame([posted.status, await posted.text()], [201, 'posted'])
})

t.test('the pages of the README', async t => {
  const profile = await load('/profile', 'ada', { headers: { cookie: 'own=1' } })
  t.strictSame(paragraphs(await profile.text()), ['ada, with own=1'])
  const darkened = await post('/theme')
  t.equal(darkened.status, 200)
  t.ok(darkened.headers.getSetCookie().some(cookie => cookie.startsWith('theme=dark')))
})

t.test('the instance is that of the scope which has the route', async t => {
  const { fastify } = await serve(t, {
    fixture: 'context',
    before,
    after(fastify) {
      fastify.register(async scope => {
        scope.decorate('onlyHere', 'scoped')
        scope.next('/scoped')
      })
      fastify.next('/scoped/not')
    }
  })
  const paragraphsOf = async (url: string) => paragraphs((await fastify.inject(url)).body)
  t.strictSame(await paragraphsOf('/scoped'), ['hello scoped'])
  t.strictSame(await paragraphsOf('/scoped/not'), ['hello undefined'])
})

t.test('a proxy has the request', async t => {
  t.strictSame(paragraphs(await textOf('/proxied')), ['proxied ada'])
})

t.test('in the Pages Router the request of Next stands for that of Fastify', async t => {
  t.strictSame(paragraphs(await textOf('/legacy')), ['legacy ada hello FST_NEXT_NO_REQUEST'])
  const answer = await load('/api/legacy')
  t.equal(answer.headers.get('x-api'), 'ada')
  t.strictSame(await answer.json(), { user: 'ada' })
})

t.test('in the Edge runtime there is no request', async t => {
  t.strictSame(paragraphs(await textOf('/edge')), ['1 FST_NEXT_NO_REQUEST undefined'])
})

t.test('onRequestError() has the request', async t => {
  const failures: unknown[] = []
  setGlobal(t, 'contextFailed', (...seen: unknown[]) => void failures.push(seen))
  const answer = await load('/failing')
  t.equal(answer.status, 500)
  await answer.text()
  t.strictSame(failures, [['failing', 'ada']])
})

t.test('once the head has left it can not be changed', async t => {
  const held = gate(t, 'contextHeld')
  const answer = await load('/late')
  held.open()
  const html = await answer.text()
  t.strictSame(paragraphs(html), ['waiting', Array(4).fill('FST_NEXT_HEAD_SENT').join(' ')])
  t.equal(answer.status, 200)
  t.equal(answer.headers.get('x-late'), null)
})

t.test('what is kept for others has no request', async t => {
  t.strictSame(paragraphs(await textOf('/unstable')), ['cached FST_NEXT_NO_REQUEST'])
  for (const [path, text] of [
    ['/forced', 'forced FST_NEXT_NO_REQUEST'],
    ['/legacy-static', 'static FST_NEXT_NO_REQUEST']
  ] as const) {
    let renewals = 0
    setGlobal(t, 'contextRenewed', () => renewals++)
    const seen = new Set<string>()
    await until(async () => {
      for (const text of paragraphs(await textOf(path))) seen.add(String(text))
      return renewals > 1 ? true : undefined
    })
    t.strictSame([...seen], [text])
  }
})

t.test('with cache components', async t => {
  const log = keptLog()
  const { url } = await serve(t, {
    fixture: 'context-components',
    before,
    server: { logger: { level: 'error', ...log.logger } }
  })
  const get = (path: string, user: string) => fetch(url + path, { headers: { 'x-user': user } })
  for (const user of ['ada', 'bob']) {
    t.match(paragraphs(await (await get('/partial', user)).text()), [
      'shell',
      'waiting',
      `part ${user}`
    ])
    const html = await (await get('/cached', user)).text()
    t.notMatch(html, 'cached ')
    t.match(html, 'waiting')
    const codes = log.take().map(line => Object(line).err?.code)
    t.ok(codes.length > 0)
    t.strictSame(new Set(codes), new Set(['FST_NEXT_NO_REQUEST']))
  }
})

t.test('nothing is left when the server has closed', async t => {
  const { fastify } = await serve(t, { fixture: 'context-components', before })
  const registry = Symbol.for('fastify-next.exchanges')
  t.equal(Reflect.get(globalThis, registry)?.size, 1, 'one for all apps')
  await fastify.close()
  await served.fastify.close()
  t.notOk(registry in globalThis)
})
