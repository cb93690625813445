import { cp, mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import { makeReadOnly, mount, onlyRoot } from './helpers/disk.js'
import { builtFixture, fixturePath } from './helpers/fixture.js'
import { serve } from './helpers/serve.js'

/** Pages of each kind, which have been asked for before the disk fails. */
const LOADED = [
  '/',
  '/static',
  '/isr',
  '/blog/a',
  '/dynamic',
  '/stream',
  '/api-route/json',
  '/legacy'
]
const BOUND = 10_000

let copies = 0

async function serveCopy(t: Test) {
  const dir = fixturePath(`.disk-${process.pid}-${copies++}`)
  t.teardown(() => rm(dir, { force: true, recursive: true }))
  const built = await builtFixture('app')
  const filter = (path: string) => !/[\\/]\.next[\\/](cache|dev)([\\/]|$)/.test(path)
  await cp(built, dir, { filter, recursive: true })
  const { fastify, url } = await serve(t, {
    options: { dir, quiet: true },
    after: (fastify: FastifyInstance) => fastify.get('/own', async () => 'own')
  })
  const get = async (path: string) => {
    const response = await fetch(url + path, { signal: AbortSignal.timeout(BOUND) })
    return { body: await response.text(), status: response.status }
  }
  for (const path of LOADED) t.equal((await get(path)).status, 200, path)
  return { build: join(dir, '.next'), fastify, get }
}

type Get = (path: string) => Promise<{ body: string; status: number }>

async function goesOn(t: Test, get: Get): Promise<void> {
  for (const path of LOADED) t.equal((await get(path)).status, 200, path)
  t.equal((await get('/own')).body, 'own')
}

/** Waits until the page that is renewed each second has been. */
async function isRenewed(t: Test, get: Get): Promise<void> {
  const { body: before } = await get('/isr')
  const deadline = Date.now() + BOUND
  while ((await get('/isr')).body === before) {
    if (Date.now() > deadline) return void t.fail('the page is not renewed')
    await sleep(100)
  }
}

t.test('a build that is deleted', async t => {
  const { build, fastify, get } = await serveCopy(t)
  await rm(build, { recursive: true })
  await goesOn(t, get)
  // It has not been loaded, and can't be any more.
  t.equal((await get('/action')).status >= 400, true)
  t.equal((await get('/nowhere')).status >= 400, true)
  await isRenewed(t, get)
  await fastify.close()
})

t.test('a build that is replaced', async t => {
  const { build, fastify, get } = await serveCopy(t)
  const other = await builtFixture('based')
  await rename(build, `${build}-before`)
  await cp(join(other, '.next'), build, { recursive: true })
  await goesOn(t, get)
  // It has not been loaded, and the other build has none.
  t.equal((await get('/action')).status, 500)
  await isRenewed(t, get)
  await fastify.close()
})

t.test('a build that becomes read-only', async t => {
  const { build, fastify, get } = await serveCopy(t)
  makeReadOnly(t, build)
  await t.rejects(writeFile(join(build, 'x'), 'x'), 'nothing can be written')
  await goesOn(t, get)
  await isRenewed(t, get)
  t.equal((await get('/blog/new')).status, 200, 'a page that is rendered on demand')
  t.equal((await get('/action')).status, 200, 'a page that was not asked for before')
  await fastify.close()
})

t.test('a disk that is full', { skip: onlyRoot }, async t => {
  const { build, fastify, get } = await serveCopy(t)
  const written = join(build, 'server', 'route-cache')
  await mkdir(written, { recursive: true })
  mount(t, '-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', written)
  await t.rejects(writeFile(join(written, 'full'), Buffer.alloc(2 * 1024 * 1024)), {
    code: 'ENOSPC'
  })
  await goesOn(t, get)
  await isRenewed(t, get)
  t.equal((await get('/blog/new')).status, 200)
  await fastify.close()
})
