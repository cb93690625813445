import { channel } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { text } from 'node:stream/consumers'
import type { FastifyServerOptions } from 'fastify'
import t, { type Test } from 'tap'
import { actionOf } from './helpers/action.js'
import { answered } from './helpers/answered.js'
import { serve } from './helpers/serve.js'

const FORWARDED = {
  'x-forwarded-for': '192.0.2.1',
  'x-forwarded-host': 'evil.example',
  'x-forwarded-port': '1234',
  'x-forwarded-prefix': '/evil',
  'x-forwarded-proto': 'https'
}

/** Not with `fetch()`: what that sends from this process is taken for Next's own. */
async function ask(url: string, headers: Record<string, string>, body?: string) {
  const method = body === undefined ? 'GET' : 'POST'
  const outgoing = request(url, { headers, method })
  outgoing.end(body)
  const [incoming] = await once(outgoing, 'response', { signal: AbortSignal.timeout(10_000) })
  const { headers: answered, statusCode } = incoming as IncomingMessage
  return { body: await text(incoming), headers: answered, statusCode }
}

async function start(t: Test, trustProxy?: unknown) {
  const warnings: string[] = []
  // Fastify still takes numbers, but its types don't.
  const trust = trustProxy === undefined ? {} : ({ trustProxy } as FastifyServerOptions)
  const stream = { write: (line: string) => void warnings.push(line) }
  const { fastify, url } = await serve(t, {
    server: { logger: { level: 'warn', stream }, ...trust },
    after(fastify) {
      fastify.get('/own', (_request, reply) => reply.nextRender('/api-route/forwarded'))
      fastify.next('/raw', (app, { raw }, reply) => {
        raw.url = '/api-route/forwarded'
        return app.getRequestHandler()(raw, reply.raw)
      })
    }
  })
  return { fastify, url, warnings }
}

t.test('the headers of a peer that Fastify does not trust do not reach Next', async t => {
  for (const trustProxy of [undefined, false, '192.0.2.7', 1, () => false]) {
    const { url, warnings } = await start(t, trustProxy)
    for (const path of ['/api-route/forwarded', '/own', '/raw']) {
      const seen = JSON.parse((await ask(`${url}${path}`, FORWARDED)).body)
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
      const seen = JSON.parse((await ask(`${url}${path}`, FORWARDED)).body)
      t.match(seen, FORWARDED, path)
    }
    t.strictSame(warnings, [])
  }
})

t.test('a request without them gives no warning', async t => {
  const { url, warnings } = await start(t)
  t.equal((await answered(`${url}/static`)).status, 200)
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
    const boundary = 'boundary'
    const fields = { [`$ACTION_ID_${id}`]: '', name: 'Ada' }
    const parts = Object.entries(fields).map(
      ([name, value]) =>
        `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`
    )
    const type = { 'content-type': `multipart/form-data; boundary=${boundary}` }
    const body = `${parts.join('')}--${boundary}--\r\n`
    const answer = await ask(`${url}/action`, { ...headers, ...type }, body)
    t.equal(answer.statusCode, status)
    t.equal('set-cookie' in answer.headers, status === 303)
  }
})

t.test('nothing of it is left after the close', async t => {
  const { hasSubscribers } = channel('undici:client:connected')
  const { fastify } = await start(t)
  t.ok(channel('undici:client:connected').hasSubscribers)
  await fastify.close()
  t.equal(channel('undici:client:connected').hasSubscribers, hasSubscribers)
})
