import { once } from 'node:events'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { actionOf, callAction } from './helpers/action.js'
import { event } from './helpers/event.js'
import { setGlobal } from './helpers/globals.js'
import { ready, serve } from './helpers/serve.js'

t.test('Next names the address that is really served', async t => {
  const { port, url } = await serve(t, { fixture: 'plain' })
  const response = await fetch(url)
  t.equal(response.headers.get('x-proxy-url'), `http://localhost:${port}/`)
  await response.text()
})

t.test('an action that redirects fetches its target from there', async t => {
  const asked = event<Headers>('the request for the target')
  setGlobal(t, 'targetAsked', asked.happen)
  const { url } = await serve(t, { fixture: 'plain' })
  const response = await callAction(`${url}/action`)
  t.equal(response.headers.get('x-action-redirect'), '/target;push')
  const headers = await asked.happened
  t.equal(headers.get('cookie'), 'user=secret')
  await response.text()
})

t.test('nothing is fetched while nothing listens', async t => {
  const fastify = await ready(t, { fixture: 'plain' })
  const { headers } = await fastify.inject('/')
  t.equal(headers['x-proxy-url'], 'http://localhost:0/')
})

t.test('nothing is fetched from an address that a client names', async t => {
  const spy = createServer()
  let connections = 0
  spy.on('connection', socket => {
    connections++
    socket.destroy()
  })
  await new Promise<void>(resolve => spy.listen(0, '127.0.0.1', resolve))
  t.teardown(() => spy.close())
  const named = `127.0.0.1:${(spy.address() as AddressInfo).port}`

  for (const trustProxy of [false, true]) {
    let targets = 0
    setGlobal(t, 'targetAsked', () => {
      targets++
    })
    const { fastify, url } = await serve(t, {
      fixture: 'plain',
      // Next's own request to itself is to end before it is closed.
      server: { trustProxy, forceCloseConnections: false }
    })
    const id = await actionOf(`${url}/action`)
    for (const headers of [
      { host: named },
      { 'x-forwarded-host': named },
      { host: named, 'x-forwarded-host': named, 'x-forwarded-proto': 'http' },
      { 'x-forwarded-host': 'app.example', 'x-forwarded-port': named.split(':')[1] }
    ]) {
      const outgoing = request(`${url}/action`, {
        method: 'POST',
        headers: { accept: 'text/x-component', 'next-action': id, ...headers }
      })
      outgoing.end('[]')
      const [incoming] = await once(outgoing, 'response', { signal: AbortSignal.timeout(10_000) })
      await incoming.toArray()
      t.equal(incoming.headers['x-action-redirect'], '/target;push')
      const page = await ask(url, headers)
      t.equal(page['x-proxy-url'], `${url.replace('127.0.0.1', 'localhost')}/`)
    }
    t.equal(targets, 4, 'the target is the own')
    await fastify.close()
  }
  t.equal(connections, 0)
})

async function ask(url: string, headers: Record<string, string | undefined>) {
  const outgoing = request(url, { headers })
  outgoing.end()
  const [incoming] = await once(outgoing, 'response', { signal: AbortSignal.timeout(10_000) })
  await incoming.toArray()
  return incoming.headers
}
