import type { FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import { answered } from './helpers/answered.js'
import { type Ask, type Client, http1Client, type Reply } from './helpers/client.js'
import { builtFixture } from './helpers/fixture.js'
import { gate, setGlobal } from './helpers/globals.js'
import { countInFlight } from './helpers/in-flight.js'
import { serverAction } from './helpers/kinds.js'
import { servePlain } from './helpers/plain.js'
import { buildPlugin, repositoryPath, startServer } from './helpers/process.js'
import { overEveryProtocol } from './helpers/protocols.js'

const post = (path: string): Ask => ({ path, method: 'POST', body: '' })

/** A body that fails before it has anything. */
const AT_FIRST_BYTE = post('/broken-route')

const asBot = (path: string): Ask => ({ path, headers: { 'user-agent': 'Twitterbot/1.0' } })

/** What fails before the first byte of its answer, or has Next tell it to the browser. */
const ANSWERED: Record<string, { ask: Ask | string; status: number }> = {
  'a page': { ask: '/broken-page', status: 500 },
  'a layout': { ask: '/broken-layout', status: 500 },
  'generateMetadata for a bot, which gets no stream': {
    ask: asBot('/broken-metadata'),
    status: 500
  },
  'generateMetadata for a browser': { ask: '/broken-metadata', status: 200 },
  getServerSideProps: { ask: '/broken-props', status: 500 },
  'a proxy': { ask: '/broken-proxy', status: 500 },
  'a route handler': { ask: '/broken-route', status: 500 },
  'a part of a page, for which the browser has a boundary': { ask: '/broken-part', status: 200 }
}

/** What of an answer is the same each time that it is given. */
function lasting(body: string): string {
  return body.replace(/\d{6,}(@E\d+)?/g, '#')
}

/** What Next answers by itself: only in its first life in a process, which its close ends. */
async function answersOfNext(t: Test, { nextApp }: FastifyInstance): Promise<Map<string, Reply>> {
  const client = http1Client(await servePlain(t, nextApp), false)
  t.teardown(() => client.close())
  const answers = new Map<string, Reply>()
  for (const [name, { ask }] of Object.entries(await casesFor(client))) {
    answers.set(name, await client.ask(ask))
  }
  await t.rejects(client.ask(AT_FIRST_BYTE))
  return answers
}

async function casesFor(client: Client): Promise<typeof ANSWERED> {
  const action = await serverAction(client, '/broken-action')
  return { ...ANSWERED, 'a Server Action': { ask: action, status: 500 } }
}

t.test('what fails before its first byte has the answer that Next gives it', async t => {
  let idle = async () => {}
  const setup = {
    fixture: 'failing',
    before(fastify: FastifyInstance) {
      idle = countInFlight(fastify)
    }
  }
  let expected: Map<string, Reply> | undefined
  await overEveryProtocol(t, setup, async (t, { client, fastify }) => {
    expected ??= await answersOfNext(t, fastify)
    for (const reportFails of [false, true]) {
      setGlobal(t, 'reportError', async () => {
        if (reportFails) throw new Error('secret of onRequestError')
      })
      for (const [name, { ask, status }] of Object.entries(await casesFor(client))) {
        const answer = await client.ask(ask)
        const ofNext = expected.get(name)
        t.equal(answer.status, status, name)
        t.equal(answer.status, ofNext?.status, name)
        t.equal(answer.headers['content-type'], ofNext?.headers['content-type'], name)
        t.equal(lasting(answer.body), lasting(String(ofNext?.body)), name)
        t.notMatch(answer.body, 'secret', name)
      }
    }
    await idle()
    t.match((await client.ask('/')).body, 'Nothing is broken', 'the server goes on')
  })
})

t.test('what fails after its first byte is cut, or ended by Next as ever', async t => {
  let idle = async () => {}
  const setup = {
    fixture: 'failing',
    before(fastify: FastifyInstance) {
      idle = countInFlight(fastify)
    }
  }
  await overEveryProtocol(t, setup, async (t, { client }) => {
    await t.rejects(client.ask(AT_FIRST_BYTE), 'as Next does, without a head')
    for (const isHeld of [true, false]) {
      const part = isHeld ? gate(t, 'slowPart') : undefined
      if (!isHeld) setGlobal(t, 'slowPart', undefined)
      const { body, status } = await client.begin(post('/broken-route?late'))
      t.equal(status, 200)
      await part?.entered
      const read = async () => {
        for await (const chunk of body) t.notMatch(String(chunk), 'secret')
      }
      const cut = t.rejects(read, 'a cut answer is no complete one')
      part?.open()
      await cut
    }
    // React has the browser show what its boundary has for it.
    for (const path of ['/broken-part', '/late-metadata']) {
      const part = gate(t, 'slowPart')
      const { body, status } = await client.begin(path)
      t.equal(status, 200, path)
      await part.entered
      part.open()
      let html = ''
      for await (const chunk of body) html += chunk
      t.match(html, /<\/html>\s*$/, path)
      t.notMatch(html, 'secret', path)
    }
    await idle()
    t.match((await client.ask('/')).body, 'Nothing is broken', 'the server goes on')
  })
})

t.test('instrumentation that fails has every page answered as Next does', async t => {
  const dir = await builtFixture('failing')
  await buildPlugin()
  const env = { BREAK_INSTRUMENTATION: '1' }
  const bin = repositoryPath('node_modules', 'next', 'dist', 'bin', 'next')
  const next = await startServer(t, bin, /- Local:\s+(http:\S+)/, {
    args: ['start', dir, '-H', 'localhost', '-p', '0'],
    env
  })
  const script = repositoryPath('test', 'processes', 'server.mjs')
  const plugin = await startServer(t, script, /^Listening on (\S+)/m, {
    args: [JSON.stringify({ dir, dev: false })],
    env
  })
  for (const path of ['/', '/endless']) {
    const [expected, answer] = await Promise.all([next, plugin].map(({ url }) => fetch(url + path)))
    t.equal(answer?.status, 500, path)
    t.equal(answer?.status, expected?.status, path)
    const body = await answer?.text()
    t.equal(body, await expected?.text(), path)
    t.notMatch(body, 'secret')
  }
  t.equal((await answered(`${plugin.url}/own`)).status, 200, "Fastify's own routes go on")
  t.equal((await plugin.stop('SIGTERM')).code, 0)
})
