import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Fastify from 'fastify'
import t from 'tap'
import { type FastifyNextOptions, fastifyNext } from '../src/index.js'
import { findNext } from '../src/next/load.js'
import { event } from './helpers/event.js'
import { builtFixture, fixturePath } from './helpers/fixture.js'

async function boot(options: FastifyNextOptions) {
  const fastify = Fastify()
  try {
    await fastify.register(fastifyNext, options)
    await fastify.ready()
  } finally {
    await fastify.close()
  }
}

t.test('a directory that does not exist, or is none', async t => {
  for (const dir of ['/does/not/exist', fixturePath('app', 'next.config.mjs')]) {
    await t.rejects(boot({ dir, dev: false }), {
      code: 'FST_NEXT_DIR_NOT_FOUND',
      message: `no directory "${dir}"`
    })
  }
})

t.test('no build', async t => {
  for (const dir of [fixturePath('unbuilt'), t.testdir({ 'package.json': '{}' })]) {
    await mkdir(dir, { recursive: true })
    await t.rejects(boot({ dir, dev: false }), {
      code: 'FST_NEXT_BUILD_NOT_FOUND',
      message: `run "next build ${dir}"`
    })
  }
})

t.test('a next.config that throws rejects in production and in development', async t => {
  for (const dev of [false, true]) {
    await t.rejects(boot({ dir: fixturePath('broken-config'), dev }), {
      code: 'FST_NEXT_CONFIG_FAILED',
      message: `"${fixturePath('broken-config', 'next.config.mjs')}" failed to load`,
      cause: { message: 'The config is broken' }
    })
  }
})

t.test('a next.config that takes longer than Fastify waits', async t => {
  const dir = fixturePath('slow-config')
  const begun = event('the load of the config')
  const finished = event('the end of the config')
  const slowConfig = () => {
    begun.happen()
    return finished.happened
  }
  Object.assign(globalThis, { slowConfig })
  t.teardown(() => Reflect.deleteProperty(globalThis, 'slowConfig'))
  const fastify = Fastify({ pluginTimeout: 300 })
  await t.rejects(async () => fastify.register(fastifyNext, { dir, dev: true }), {
    code: 'FST_NEXT_START_TIMEOUT',
    message: `did not load the config of "${dir}" within 300 ms: raise the option "pluginTimeout"`
  })
  await begun.happened
  finished.happen()
  await fastify.close()

  // What has come too late is closed: a development server shares its directory with nobody.
  const again = Fastify()
  await again.register(fastifyNext, { dir, dev: true })
  t.ok(again.nextApp)
  await again.close()
})

t.test('no next', async t => {
  const dir = await mkdtemp(join(tmpdir(), 'fastify-next-'))
  t.teardown(() => rm(dir, { recursive: true }))
  t.throws(() => findNext(dir, join(dir, 'plugin.js')), {
    code: 'FST_NEXT_NOT_INSTALLED',
    message: `not installed for the app in "${dir}"`
  })
  t.ok(findNext(dir).version, 'the one beside the plugin')
})

t.test("the app's own next comes first, and must be a supported version", async t => {
  for (const version of ['13.5.6', '15.5.29', '16.2.10', '17.0.0', '18.0.0-canary.1']) {
    const dir = t.testdir({
      node_modules: { next: { 'package.json': JSON.stringify({ name: 'next', version }) } }
    })
    await t.rejects(boot({ dir, dev: false }), {
      code: 'FST_NEXT_UNSUPPORTED_VERSION',
      message: `Next.js ${version} is not supported`
    })
  }
})

t.test('a build with a manifest that is broken', async t => {
  for (const fixture of ['plain', 'prefixed']) {
    const built = await builtFixture(fixture)
    const dir = fixturePath(`.corrupt-${fixture}`)
    t.teardown(() => rm(dir, { force: true, recursive: true }))
    await cp(built, dir, { recursive: true })
    await writeFile(join(dir, '.next', 'routes-manifest.json'), 'not json')
    await t.rejects(boot({ dir, dev: false }), {
      code: 'FST_NEXT_BUILD_INCOMPLETE',
      cause: SyntaxError
    })
    await t.rejects(boot({ dir, dev: false }), { code: 'FST_NEXT_BUILD_INCOMPLETE' })
  }
})

t.test('rules that can not be read, in development with a basePath', async t => {
  const conf = { basePath: '/docs' }
  await t.rejects(boot({ dir: fixturePath('broken-start'), dev: true, conf }), {
    code: 'FST_NEXT_CONFIG_FAILED',
    cause: { message: 'The redirects are broken' }
  })
})

t.test('an instance whose registration failed still closes', async t => {
  const fastify = Fastify()
  await t.rejects(async () => fastify.register(fastifyNext, { dir: '/does/not/exist' }))
  await fastify.close()
})
