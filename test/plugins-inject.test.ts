import t from 'tap'
import type { Ask, Client, Reply } from './helpers/client.js'
import { gate } from './helpers/globals.js'
import { kindsOfPages } from './helpers/kinds.js'
import { isAnswerOf } from './helpers/protocols.js'
import { ready } from './helpers/serve.js'

t.test('inject() works on every kind of page', async t => {
  const fastify = await ready(t)
  const client: Pick<Client, 'ask' | 'origin'> = {
    origin: 'http://app.example',
    async ask(what) {
      const {
        path,
        method = 'GET',
        headers,
        body
      }: Ask = typeof what === 'string' ? { path: what } : what
      const answer = await fastify.inject({
        authority: 'app.example',
        url: path,
        method: method as 'GET',
        headers,
        payload: body
      })
      const cookies = [answer.headers['set-cookie'] ?? []].flat()
      const named = answer.headers as Reply['headers']
      return { status: answer.statusCode, headers: named, cookies, body: answer.body }
    }
  }
  for (const kind of await kindsOfPages(client)) {
    const reply = await client.ask(kind)
    isAnswerOf(t, kind, reply)
    if (kind.method === 'POST') t.strictSame(reply.cookies, ['saved=ada; Path=/'])
  }
})

t.test('inject() of a page that streams', async t => {
  const fastify = await ready(t)
  const whole = gate(t, 'slowPart')
  const answer = fastify.inject('/stream')
  await whole.entered
  whole.open()
  t.match(await answer, { statusCode: 200, body: /The shell.*The slow part/s })

  const pieces = gate(t, 'slowPart')
  const streamed = await fastify.inject({ url: '/stream', payloadAsStream: true })
  t.equal(streamed.statusCode, 200)
  let text = ''
  for await (const chunk of streamed.stream()) {
    text += chunk
    if (!text.includes('The shell') || text.includes('The slow part')) continue
    await pieces.entered
    pieces.open()
  }
  t.match(text, /The shell.*The slow part/s)
})
