import { once } from 'node:events'
import { connect } from 'node:http2'
import t, { type Test } from 'tap'
import { closeSoon, connection, get } from './helpers/connection.js'
import { event } from './helpers/event.js'
import { gate, setGlobal } from './helpers/globals.js'
import { serve } from './helpers/serve.js'

const ASKED = 'Fastify answers 200'

for (const http2 of [false, true]) {
  const protocol = http2 ? 'HTTP/2' : 'HTTP/1.1'
  t.test(`a page may ask Fastify while the server closes, over ${protocol}`, async t => {
    const { fastify, port } = await serve(t, {
      fixture: 'context',
      server: { forceCloseConnections: false, ...(http2 && { http2 }) } as object,
      after: fastify => fastify.get('/own', async () => 'own')
    })
    const asking = gate(t, 'beforeAsking')
    const idle = await connection(t, port)
    const page = (http2 ? getOverHttp2 : getOverHttp1)(t, port, '/asking')
    await asking.entered
    const ended = closeSoon(fastify)
    // With the idle connections nothing else is left that Fastify would be kept open for.
    await idle.closed
    asking.open()
    t.match(await page, ASKED)
    await ended
  })
}

for (const http2 of [false, true]) {
  for (const path of ['/poll', '/events', '/asking']) {
    t.test(`what a preClose hook ends is answered: ${path}${http2 ? ', HTTP/2' : ''}`, async t => {
      const polled = event<string>('the end of the poll')
      const { fastify, port } = await serve(t, {
        fixture: 'context',
        // What has asked for Fastify is waited for half of it.
        options: { closeTimeout: path === '/asking' ? 2_000 : 60_000 },
        server: { forceCloseConnections: false, ...(http2 && { http2 }) } as object,
        after(fastify) {
          fastify.get('/own', () => polled.happened)
          fastify.addHook('preClose', async () => polled.happen('polled'))
        }
      })
      const entered = event('the page has begun')
      setGlobal(t, 'beforeAsking', entered.happen)
      setGlobal(t, 'poll', () => {
        entered.happen()
        return polled.happened
      })
      const answer = (http2 ? getOverHttp2 : getOverHttp1)(t, port, path)
      await entered.happened
      const ended = fastify.close()
      const text = await answer
      if (path === '/poll') t.match(text, '"polled"')
      else if (path === '/asking') t.match(text, ASKED)
      else t.ok(http2 || text.startsWith('HTTP/1.1 200 OK'))
      await ended
    })
  }
}

async function getOverHttp1(t: Test, port: number, path: string): Promise<string> {
  const { send, closed } = await connection(t, port)
  send(get(path))
  return closed
}

async function getOverHttp2(t: Test, port: number, path: string): Promise<string> {
  const session = connect(`http://127.0.0.1:${port}`)
  t.teardown(() => session.destroy())
  const stream = session.request({ ':path': path })
  const chunks: Buffer[] = []
  stream.on('data', chunk => chunks.push(chunk))
  await once(stream, 'end')
  return Buffer.concat(chunks).toString()
}
