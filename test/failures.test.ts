import t from 'tap'
import { answered } from './helpers/answered.js'
import { setGlobal } from './helpers/globals.js'
import { serve } from './helpers/serve.js'
import { exchange } from './helpers/wire.js'

const PAGES_THAT_THROW = [
  ['/throws', 500],
  ['/throws-late', 200],
  ['/legacy-throws', 500],
  ['/api-route/throws', 500]
] as const

t.test("a page that throws gets Next's error page, and says nothing of the error", async t => {
  const { url } = await serve(t)
  for (const [path, status] of PAGES_THAT_THROW) {
    const response = await fetch(url + path)
    const body = await response.text()
    t.equal(response.status, status, path)
    for (const part of [body, JSON.stringify([...response.headers])]) {
      t.notMatch(part, 'secret', path)
      t.notMatch(part, /\bat .*\.js:\d+/, path)
    }
  }
  t.equal((await answered(`${url}/static`)).status, 200, 'the server goes on')
})

t.test('a stream that throws after its first byte is cut, never complete', async t => {
  const { port } = await serve(t)
  const request = 'POST /api-route/throws HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n'
  const nextTurn = () => new Promise<void>(resolve => setImmediate(resolve))
  for (const beforeStreamFails of [nextTurn, undefined]) {
    setGlobal(t, 'beforeStreamFails', beforeStreamFails)
    const answer = await exchange(port, request)
    t.match(answer, /^HTTP\/1\.1 200 OK\r\n.*\r\n\r\n.*a beginning/s)
    t.notMatch(answer, /\r\n0\r\n\r\n$/, 'there is no last chunk')
    t.notMatch(answer, 'secret')
  }
})

t.test("a rejection of Next's handler is a coded 500 without its message", async t => {
  const errors: unknown[] = []
  const { url } = await serve(t, {
    before(fastify) {
      fastify.addHook('onError', async (_request, _reply, error) => void errors.push(error))
      // Next answers the errors of pages itself, so what it reads first must break.
      fastify.addHook('onRequest', async ({ raw }) => {
        const key = Symbol.for('NextInternalRequestMeta')
        Object.defineProperty(raw, key, {
          get() {
            throw new Error('secret of the handler')
          }
        })
      })
    }
  })
  const response = await fetch(`${url}/static`)
  t.equal(response.status, 500)
  t.equal(response.headers.get('cache-control'), 'no-store')
  const body = await response.text()
  t.match(body, '"code":"FST_NEXT_REQUEST_FAILED"')
  t.notMatch(body, 'secret')
  t.match(errors, [
    { code: 'FST_NEXT_REQUEST_FAILED', cause: { message: 'secret of the handler' } }
  ])
})

t.test('malformed requests get an answer, and no stack', async t => {
  const { port, url } = await serve(t)
  const cases: [target: string, status: number][] = [
    ['/%', 400],
    ['/%zz', 400],
    ['/%c0%ae', 400],
    ['/_next/static/..%2f..%2fBUILD_ID', 404],
    ['/_next/static/%2e%2e/BUILD_ID', 404],
    ['/_next/static/../BUILD_ID', 404],
    ['/.env', 404],
    ['/.next/BUILD_ID', 404],
    ['/index.rsc', 404],
    ['/%00', 404],
    [`/${'x'.repeat(5000)}`, 404],
    ['/static?nxtPslug=x', 200]
  ]
  for (const [target, status] of cases) {
    const answer = await exchange(
      port,
      `GET ${target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`
    )
    t.match(answer, new RegExp(`^HTTP/1\\.1 ${status} `), target.slice(0, 50))
    t.notMatch(answer, /\bat .*\.js:\d+/, target.slice(0, 50))
  }
  t.match(await exchange(port, 'nonsense\r\n\r\n'), /^HTTP\/1\.1 400 /)
  t.equal((await answered(`${url}/static`)).status, 200, 'the server goes on')
})
