import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { gate } from './helpers/globals.js'
import { keptLog } from './helpers/log.js'
import { isAnswerOf, overEveryProtocol } from './helpers/protocols.js'

const INCOMING = 'incoming request'
const COMPLETED = 'request completed'
const CUT = 'stream closed prematurely'

t.test('one line in and one line out for each request, with its status and its time', async t => {
  const log = keptLog()
  await overEveryProtocol(t, { server: { logger: log.logger } }, async (t, { client, kinds }) => {
    const pages = await kinds()
    // That was a request, too.
    await log.until(COMPLETED)
    for (const kind of pages) {
      log.take()
      const begun = performance.now()
      isAnswerOf(t, kind, await client.ask(kind))
      await log.until(COMPLETED)
      const total = performance.now() - begun
      const lines = log.take()
      t.match(
        lines,
        [
          { level: 30, msg: INCOMING, req: { method: kind.method, url: kind.path } },
          { level: 30, msg: COMPLETED, res: { statusCode: kind.status }, reqId: lines[0]?.reqId }
        ],
        kind.name
      )
      t.equal(lines.length, 2, kind.name)
      const time = Number(lines[1]?.responseTime)
      t.ok(time > 0 && time <= total, `${kind.name} took ${time} of ${total} ms`)
    }
  })
})

t.test('the time is that of the whole answer, and the line out comes after it', async t => {
  const log = keptLog()
  await overEveryProtocol(t, { server: { logger: log.logger } }, async (t, { client }) => {
    log.take()
    const slow = gate(t, 'slowPart')
    const { body } = await client.begin('/stream')
    await slow.entered
    const begun = performance.now()
    const [incoming, ...more] = log.take()
    t.match(incoming, { msg: INCOMING, req: { url: '/stream' } })
    t.strictSame(more, [], 'the answer has begun, and is not complete')
    slow.open()
    const held = performance.now() - begun
    for await (const _ of body);
    await log.until(COMPLETED)
    const [completed] = log.take()
    t.match(completed, { msg: COMPLETED, res: { statusCode: 200 }, reqId: incoming?.reqId })
    const time = Number(completed?.responseTime)
    t.ok(time >= held, `it took ${time} ms, of which the page was held for ${held}`)
  })
})

t.test('a client that leaves while an answer streams is logged as such', async t => {
  const log = keptLog()
  await overEveryProtocol(
    t,
    { server: { logger: log.logger } },
    async (t, { client, protocol }) => {
      log.take()
      const slow = gate(t, 'slowPart')
      const { leave } = await client.begin('/stream')
      await slow.entered
      leave()
      await log.until(CUT)
      slow.open()
      const lines = log.take()
      t.match(lines[0], { level: 30, msg: INCOMING, req: { url: '/stream' } })
      t.match(lines.at(-1), { level: 30, msg: CUT, reqId: lines[0]?.reqId })
      // To Node a response of HTTP/2 has finished however its stream has ended.
      const between = protocol.version === '2.0' ? [COMPLETED] : []
      t.strictSame(
        lines.slice(1, -1).map(({ msg }) => msg),
        between
      )
    }
  )
})

t.test('logLevel silences the pages and assets of Next, and nothing else', async t => {
  for (const [name, { options, next, logged }] of Object.entries({
    'as an option': { options: { logLevel: 'silent' }, next: [], logged: ['/own'] },
    'of a route for the assets': {
      options: {},
      next: ['/_next/*'],
      logged: ['/static', '/own']
    }
  } as const)) {
    t.test(name, async t => {
      const log = keptLog()
      const setup = {
        server: { logger: log.logger },
        options,
        after(fastify: FastifyInstance) {
          for (const path of next) fastify.next(path, { logLevel: 'silent' })
          fastify.get('/own', async () => 'own')
        }
      }
      await overEveryProtocol(t, setup, async (t, { client }) => {
        const { body } = await client.ask('/static')
        const [asset] = body.match(/\/_next\/static\/[^"]+\.js/) ?? []
        t.equal((await client.ask(String(asset))).status, 200)
        await client.ask('/own')
        await log.until(COMPLETED)
        const requests = log.take().flatMap(({ req }) => (req ? [req.url] : []))
        t.strictSame(requests, logged)
      })
    })
  }
})

t.test('a client that leaves before the head is logged as such', async t => {
  const log = keptLog()
  await overEveryProtocol(
    t,
    { server: { logger: log.logger } },
    async (t, { client, protocol }) => {
      log.take()
      const slow = gate(t, 'slowRoute')
      await client.abandon('/api-route/slow', slow.entered)
      await log.until('request aborted')
      slow.open()
      const lines = log.take()
      t.ok(
        lines.every(({ level }) => level === 30),
        'no warning'
      )
      t.match(lines[0], { msg: 'incoming request' })
      t.match(lines.at(-1), { msg: 'request aborted', reqId: lines[0]?.reqId })
      t.equal(lines.length, protocol.version === '2.0' ? 3 : 2)
    }
  )
})
