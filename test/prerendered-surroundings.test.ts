import { execFile } from 'node:child_process'
import { mkdir, readdir, symlink } from 'node:fs/promises'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import Fastify from 'fastify'
import t, { type Test } from 'tap'
import { countAsked } from './helpers/asked.js'
import { rememberingIn, serveRemembering } from './helpers/from-memory.js'
import { keptLog } from './helpers/log.js'
import { buildPlugin, repositoryPath } from './helpers/process.js'
import { serve } from './helpers/serve.js'
import { copyOfBuild } from './helpers/static-copy.js'
import { until } from './helpers/twins.js'

const HANDLERS = Symbol.for('@next/cache-handlers')
const PLAIN = { 'accept-encoding': 'identity' }

const textIn = (html: unknown) => /<p>(.*?)<\/p>/.exec(String(html))?.[1]

/** An app with a Next of its own. */
async function appWithOwnNext(t: Test): Promise<string> {
  const { dir } = await copyOfBuild(t, 'twin-two')
  const all = repositoryPath('node_modules')
  const own = join(dir, 'node_modules')
  await mkdir(own)
  for (const name of await readdir(all)) {
    if (name !== 'next') await symlink(join(all, name), join(own, name))
  }
  await promisify(execFile)('cp', ['--archive', '--link', join(all, 'next'), own])
  return dir
}

type Next = (options: object) => {
  prepare(): Promise<void>
  getRequestHandler(): (...args: unknown[]) => void
  close(): Promise<void>
}

/** The custom server of Next's documentation. */
async function serveWithoutPlugin(t: Test, dir: string): Promise<string> {
  const next = createRequire(join(dir, 'package.json'))('next') as Next
  const app = next({ dir, dev: false })
  await app.prepare()
  const server = createServer(app.getRequestHandler()).listen(0, '127.0.0.1')
  t.teardown(async () => {
    server.close()
    server.closeAllConnections()
    await app.close()
  })
  await new Promise(resolve => server.once('listening', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** The plugin as a module of the other kind. */
async function serveWithCommonJs(t: Test, dir: string): Promise<string> {
  await buildPlugin()
  const plugin = createRequire(import.meta.url)(repositoryPath('dist', 'index.cjs'))
  const fastify = Fastify({ forceCloseConnections: true })
  t.teardown(() => fastify.close())
  await fastify.register(plugin, { dir })
  return fastify.listen({ host: '127.0.0.1', port: 0 })
}

for (const [kind, serveOther] of Object.entries({ serveWithoutPlugin, serveWithCommonJs })) {
  t.test(`an app with a Next of its own has its own pages: ${kind}`, async t => {
    const { see, warm } = await serveRemembering(t, 'twin-one')
    const other = await serveOther(t, await appWithOwnNext(t))
    await warm('/', PLAIN)
    for (let visit = 0; visit < 3; visit++) {
      const answer = await fetch(other)
      t.match(await answer.text(), 'two')
      const { body, source } = await see('/', PLAIN)
      t.match(String(body), 'one')
      t.equal(source, 'memory')
    }
  })
}

t.test('what a proxy revalidates acts on the next request', async t => {
  const { see, warm, load } = await serveRemembering(t, 'fresh-proxy')
  for (const hook of ['/hook', '/hook?tag=number']) {
    await warm('/kept', PLAIN)
    const before = await see('/kept', PLAIN)
    t.equal(before.source, 'memory')
    t.equal(String((await load(hook)).body), '{"renewed":true}')
    // It does so after its answer.
    const text = await until(async () => {
      const { body } = await load('/kept', PLAIN)
      return textIn(body) === textIn(before.body) ? undefined : textIn(body)
    })
    t.match(text, 'kept ')
  }
})

t.test('an app whose cache somebody else takes over is answered by Next', async t => {
  const log = keptLog()
  const { dir } = await copyOfBuild(t, 'app')
  const { url } = await serve(t, {
    options: { dir },
    server: { logger: { level: 'info', ...log.logger } }
  })
  const asked = countAsked(t)
  const countOf = async (visits: number): Promise<number> => {
    const before = asked()
    for (let visit = 0; visit < visits; visit++) await (await fetch(`${url}/static`)).text()
    return asked() - before
  }
  t.ok((await countOf(3)) < 3)
  const ours = Reflect.get(globalThis, HANDLERS)
  Reflect.set(globalThis, HANDLERS, { RemoteCache: {} })
  log.take()
  t.equal(await countOf(3), 3)
  const lines = log.take().filter(({ msg }) => msg.startsWith('Prerendered pages are not'))
  t.equal(lines.length, 1, 'said once')
  Reflect.set(globalThis, HANDLERS, ours)
  t.equal(await countOf(3), 3, 'nobody knows what has changed meanwhile')
})

t.test('nothing is left beside what others have set', async t => {
  const { dir } = await copyOfBuild(t, 'app')
  const { fastify } = await rememberingIn(t, dir)
  Object.assign(Reflect.get(globalThis, HANDLERS), { RemoteCache: 1 })
  await fastify.close()
  t.strictSame(Reflect.get(globalThis, HANDLERS), { RemoteCache: 1 })
  Reflect.deleteProperty(globalThis, HANDLERS)
})
