import { Readable } from 'node:stream'
import type { FastifyReply } from 'fastify'
import t, { type Test } from 'tap'
import { FST_NEXT_ALREADY_ANSWERED } from '../src/errors.js'
import { countAsked } from './helpers/asked.js'
import { http1Client } from './helpers/client.js'
import { gateLookup } from './helpers/gated-lookups.js'
import { gate } from './helpers/globals.js'
import { keptLog } from './helpers/log.js'
import { serve } from './helpers/serve.js'
import { copyOfBuild } from './helpers/static-copy.js'

interface Gate {
  entered: Promise<unknown>
  open(): void
}

/** More than the buffers of a connection hold, so that it does not leave while nobody reads. */
const LONG = Buffer.alloc(20_000_000, 'busy ')

/** Pages, what Next waits for there, and what one of their visitors gets. */
const KINDS = {
  'an API route': {
    fixture: 'pages-router',
    path: '/api/visitor',
    wait: (t: Test): Gate => gate(t, 'slowVisitor'),
    expected: { type: /^application\/json/, body: /^\{"visitor":"later"\}$/ }
  },
  'a page with getServerSideProps': {
    fixture: 'pages-router',
    path: '/visitor',
    wait: (t: Test): Gate => gate(t, 'slowVisitor'),
    expected: { type: /^text\/html/, body: /<p>The page of later<\/p>/ }
  },
  'a prerendered page': {
    fixture: 'fresh',
    path: '/path',
    wait: gateLookup,
    expected: { type: /^text\/html/, body: /<p>path \d+<\/p>.*<\/html>/s }
  }
}

/** What a hook answers with in Next's place, and what ends it. */
const ANSWERS = {
  'a stream that goes on'() {
    const stream = new Readable({ read() {} })
    stream.push('busy ')
    return { payload: stream, end: () => stream.push(null) }
  },
  'a body that leaves slowly': () => ({ payload: LONG, end() {} })
}

/** A server where a hook lets a test answer in Next's place those who ask for it. */
async function serveBusy(t: Test, fixture: string) {
  const log = keptLog()
  const { dir } = await copyOfBuild(t, fixture)
  const asked = countAsked(t)
  const waiting: FastifyReply[] = []
  const { port } = await serve(t, {
    options: { dir },
    server: { logger: { level: 'info', ...log.logger } },
    before: fastify =>
      fastify.addHook('preHandler', async (request, reply) => {
        if (request.headers['x-busy']) waiting.push(reply)
      })
  })
  const client = http1Client(port, false)
  t.teardown(() => client.close())
  return { asked, client, log, waiting }
}

for (const [kind, { fixture, path, wait, expected }] of Object.entries(KINDS)) {
  for (const [name, answer] of Object.entries(ANSWERS)) {
    t.test(`Next answers for ${kind} after ${name}: it is nobody's`, async t => {
      const { asked, client, log, waiting } = await serveBusy(t, fixture)
      const { entered, open } = wait(t)
      const headers = { 'x-busy': '1', 'x-visitor': 'earlier' }
      const beginning = client.begin({ path, headers })
      await entered
      const { payload, end } = answer()
      waiting.pop()?.code(503).header('content-type', 'text/plain').send(payload)
      const { status, body, leave } = await beginning
      t.equal(status, 503)
      log.take()
      open()
      await log.until(new FST_NEXT_ALREADY_ANSWERED(path).message)
      t.equal(body.readableEnded, false, 'it was late')

      for (let visit = 1; visit <= 2; visit++) {
        const count = asked()
        const ask = { path, headers: { 'x-visitor': 'later' } }
        const { body, headers, status } = await client.ask(ask)
        t.equal(status, 200)
        t.match(headers['content-type'], expected.type)
        t.match(body, expected.body)
        if (visit === 1) t.equal(asked(), count + 1, 'Next was asked')
      }
      end()
      leave()
    })
  }
}
