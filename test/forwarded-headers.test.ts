import type { FastifyServerOptions } from 'fastify'
import t, { type Test } from 'tap'
import { actionOf } from './helpers/action.js'
import { serve } from './helpers/serve.js'

const FORWARDED = {
  'x-forwarded-for': '192.0.2.1',
  'x-forwarded-host': 'evil.example',
  'x-forwarded-port': '1234',
  'x-forwarded-prefix': '/evil',
  'x-forwarded-proto': 'https'
}

async function start(t: Test, trustProxy?: unknown) {
  const warnings: string[] = []
  // Fastify still takes numbers, but its types don't.
  const trust = trustProxy === undefined ? {} : ({ trustProxy } as FastifyServerOptions)
  const stream = { write: (line: string) => void warnings.push(line) }
  const { url } = await serve(t, {
    server: { logger: { level: 'warn', stream }, ...trust },
    after(fastify) {
      fastify.get('/own', (_request, reply) => reply.nextRender('/api-route/forwarded'))
      fastify.next('/raw', (app, { raw }, reply) => {
        raw.url = '/api-route/forwarded'
        return app.getRequestHandler()(raw, reply.raw)
      })
    }
  })
  return { url, warnings }
}

t.test('the headers of a peer that Fastify does not trust do not reach Next', async t => {
  for (const trustProxy of [undefined, false, '192.0.2.7', 1, () => false]) {
    const { url, warnings } = await start(t, trustProxy)
    for (const path of ['/api-route/forwarded', '/own', '/raw']) {
      const seen = await (await fetch(`${url}${path}`, { headers: FORWARDED })).json()
      // Next says itself who is connected.
      t.match(seen, { 'x-forwarded-host': new URL(url).host, 'x-forwarded-proto': 'http' }, path)
      t.notMatch(JSON.stringify(seen), /evil|192\.0\.2\.1|1234|https/)
    }
    t.equal(warnings.length, 1, 'one warning')
    t.match(JSON.parse(String(warnings[0])), { level: 40, msg: /trustProxy/ })
  }
})

t.test('the headers of a peer that Fastify trusts reach Next', async t => {
  for (const trustProxy of [true, '127.0.0.1', () => true]) {
    const { url, warnings } = await start(t, trustProxy)
    for (const path of ['/api-route/forwarded', '/own', '/raw']) {
      const seen = await (await fetch(`${url}${path}`, { headers: FORWARDED })).json()
      t.match(seen, FORWARDED, path)
    }
    t.strictSame(warnings, [])
  }
})

t.test('a request without them gives no warning', async t => {
  const { url, warnings } = await start(t)
  t.equal((await fetch(`${url}/static`)).status, 200)
  t.strictSame(warnings, [])
})

t.test('no client passes the origin check of a Server Action by its word', async t => {
  const headers = { origin: 'https://evil.example', 'x-forwarded-host': 'evil.example' }
  for (const [trustProxy, status] of [
    [false, 500],
    [true, 303]
  ] as const) {
    const { url } = await start(t, trustProxy)
    const id = await actionOf(`${url}/action`)
    const body = new FormData()
    body.set(`$ACTION_ID_${id}`, '')
    body.set('name', 'Ada')
    const response = await fetch(`${url}/action`, {
      method: 'POST',
      headers,
      body,
      redirect: 'manual'
    })
    t.equal(response.status, status)
    t.equal(response.headers.has('set-cookie'), status === 303)
  }
})
