import { symlink, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import Fastify from 'fastify'
import t, { type Test } from 'tap'
import { fastifyNext } from '../src/index.js'
import { builtFixture } from './helpers/fixture.js'
import type { Twin } from './helpers/twins.js'

const PATHS = ['/', '/isr', '/dynamic', '/tagged', '/legacy', '/api/edge', '/missing']

async function checkPages(t: Test, dir: string, name: Twin) {
  const fastify = Fastify()
  t.teardown(() => fastify.close())
  await fastify.register(fastifyNext, { dir, dev: false })
  for (const path of PATHS) {
    const { body } = await fastify.inject(path)
    t.match(body.replace(/<!--.*?-->/g, ''), `of ${name}`, path)
  }
  return fastify
}

t.test('a link that leads to another app serves that when it is registered again', async t => {
  const current = join(t.testdir(), 'current')
  const release = async (name: Twin) => {
    await unlink(current).catch(() => {})
    await symlink(await builtFixture(`twin-${name}`), current, 'dir')
    return checkPages(t, current, name)
  }
  const one = await release('one')
  await release('two')
  t.match((await one.inject('/dynamic')).body.replace(/<!--.*?-->/g, ''), 'dynamic of one')
  await one.close()
  await release('one')
})
