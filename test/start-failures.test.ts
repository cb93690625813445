import { once } from 'node:events'
import { cp, rename, rm } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import Fastify, { type FastifyInstance, type FastifyServerOptions } from 'fastify'
import t, { type Test } from 'tap'
import { fastifyNext } from '../src/index.js'
import { GLOBALS } from '../src/next/split-state.js'
import { event } from './helpers/event.js'
import { builtFixture, fixturePath } from './helpers/fixture.js'
import { buildPlugin, repositoryPath, startServer } from './helpers/process.js'

const REQUEST_CONTEXT = Symbol.for('@next/request-context')

/** What a start leaves in the process. */
function traces() {
  const listeners = process.eventNames().map(name => [name, process.listenerCount(name)])
  return {
    listeners: Object.fromEntries(listeners),
    // Those that were divided among several apps stay so.
    globals: Reflect.ownKeys(globalThis).filter(name => !GLOBALS.includes(name)).length,
    context: Reflect.get(globalThis, REQUEST_CONTEXT),
    servers: process.getActiveResourcesInfo().filter(name => name === 'TCPServerWrap').length
  }
}

/** Handles are still closing when their owners say that they have closed. */
async function leavesNothing(t: Test, before: ReturnType<typeof traces>): Promise<void> {
  const deadline = Date.now() + 2_000
  while (!isDeepStrictEqual(traces(), before) && Date.now() < deadline) await sleep(20)
  t.strictSame(traces(), before)
}

async function start(dir: string, options?: FastifyServerOptions): Promise<FastifyInstance> {
  const fastify = Fastify({ forceCloseConnections: true, ...options })
  await fastify.register(fastifyNext, { dir, dev: false })
  return fastify
}

/** What Next adds for the life of the process is there after a start that went well. */
async function startOnce(dir: string): Promise<void> {
  const fastify = await start(dir)
  await fastify.ready()
  await fastify.close()
}

async function answers(t: Test, fastify: FastifyInstance, path = '/'): Promise<void> {
  const url = await fastify.listen({ host: '127.0.0.1', port: 0 })
  const response = await fetch(url + path)
  t.equal(response.status, 200)
  await response.text()
  await fastify.close()
}

t.test('a start that fails leaves nothing, and the next one works', async t => {
  const built = await builtFixture('plain')
  await startOnce(built)
  for (const name of ['routes-manifest.json', 'server/pages-manifest.json', 'BUILD_ID']) {
    const dir = fixturePath(`.failing-${process.pid}`)
    t.teardown(() => rm(dir, { force: true, recursive: true }))
    await rm(dir, { force: true, recursive: true })
    await cp(built, dir, { recursive: true })
    const before = traces()
    const path = join(dir, '.next', name)
    const failed = await start(dir)
    await rename(path, `${path}.away`)
    await t.rejects(async () => failed.ready(), { code: 'FST_NEXT_PREPARE_FAILED', cause: Error })
    await failed.close()
    await leavesNothing(t, before)
    await rename(`${path}.away`, path)
    await answers(t, await start(dir))
    await leavesNothing(t, before)
  }
})

t.test('a port that is taken', async t => {
  const dir = await builtFixture('plain')
  await startOnce(dir)
  const before = traces()
  const taken = createServer().listen(0, '127.0.0.1')
  await once(taken, 'listening')
  const { port } = taken.address() as AddressInfo
  const fastify = await start(dir)
  await t.rejects(fastify.listen({ host: '127.0.0.1', port }), { code: 'EADDRINUSE' })
  await fastify.close()
  taken.close()
  await once(taken, 'close')
  await leavesNothing(t, before)

  const again = await start(dir)
  await again.listen({ host: '127.0.0.1', port })
  t.match(await (await fetch(`http://127.0.0.1:${port}/`)).text(), 'Plain')
  await again.close()
})

t.test('Next takes longer to start than Fastify waits', async t => {
  const dir = await builtFixture('based')
  const entered = event('the start')
  let open = () => {}
  const opened = new Promise<void>(resolve => {
    open = resolve
  })
  const late = await start(dir, { pluginTimeout: 300 })
  const { nextApp } = late
  const prepare = nextApp.prepare.bind(nextApp)
  Object.assign(nextApp, {
    prepare: async () => {
      entered.happen()
      await opened
      await prepare()
    }
  })
  await t.rejects(async () => late.ready(), {
    code: 'FST_NEXT_START_TIMEOUT',
    message: 'pluginTimeout'
  })
  await entered.happened
  open()
  await late.close()
  await answers(t, await start(dir), '/docs')
})

t.test('a development server may take longer', async t => {
  await buildPlugin()
  const script = repositoryPath('test', 'processes', 'slow-start.mjs')
  const options = { dir: fixturePath('failing'), dev: true }
  const server = await startServer(t, script, /^Listening on (\S+)/m, {
    args: [JSON.stringify(options)]
  })
  t.notMatch(server.output(), 'Next has started')
  const page = await fetch(server.url, { signal: AbortSignal.timeout(60_000) })
  t.match(await page.text(), 'Nothing is broken')
  t.match(server.output(), 'Next has started')
  t.equal((await server.stop('SIGTERM')).signal, null)
})
