import { setImmediate } from 'node:timers/promises'
import t from 'tap'
import { connection, get } from './helpers/connection.js'
import { serve } from './helpers/serve.js'

const server = { forceCloseConnections: false }

function block(ms: number): void {
  const end = performance.now() + ms
  while (performance.now() < end);
}

t.test('connections that wait to be accepted', async t => {
  const { fastify, url } = await serve(t, { server })
  // Each turn of the event loop accepts one.
  const answers = Array.from({ length: 30 }, () => fetch(`${url}/static`))
  await setImmediate()
  const closed = fastify.close()
  for (const { status } of await Promise.all(answers)) t.equal(status, 200)
  await closed
})

t.test('requests that have arrived, and are not read while other work goes on', async t => {
  const { fastify, port } = await serve(t, { server })
  const fresh = await connection(t, port)
  const used = await connection(t, port)
  used.send(get('/static'))
  await used.answer()
  const closed = fastify.close()
  while (fastify.server.listening) await setImmediate()
  for (const { send } of [fresh, used]) send(get('/static'))
  // For longer than idle connections are given.
  block(200)
  for (const { answer } of [fresh, used]) t.match(await answer(), /^HTTP\/1\.1 200 OK\r\n/)
  await closed
})
