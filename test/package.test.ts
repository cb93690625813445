import { execFile } from 'node:child_process'
import { readdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import t from 'tap'
import { installConsumer } from './helpers/consumer.js'
import { builtFixture } from './helpers/fixture.js'
import { repositoryPath } from './helpers/process.js'

const run = promisify(execFile)

const FILES = [
  'LICENSE',
  'README.md',
  'dist/chunk-*.js',
  'dist/chunk-*.js.map',
  'dist/cli.js',
  'dist/cli.js.map',
  'dist/context-in-browser.js',
  'dist/context-in-browser.js.map',
  'dist/context-in-edge-runtime.js',
  'dist/context-in-edge-runtime.js.map',
  'dist/context.cjs',
  'dist/context.cjs.map',
  'dist/context.d.cts',
  'dist/context.d.ts',
  'dist/context.js',
  'dist/context.js.map',
  'dist/error-reporters-*.d.cts',
  'dist/error-reporters-*.d.ts',
  'dist/guarded-cache-handler.js',
  'dist/guarded-cache-handler.js.map',
  'dist/index.cjs',
  'dist/index.cjs.map',
  'dist/index.d.cts',
  'dist/index.d.ts',
  'dist/index.js',
  'dist/index.js.map',
  'dist/instrumentation-in-edge-runtime.js',
  'dist/instrumentation-in-edge-runtime.js.map',
  'dist/instrumentation.cjs',
  'dist/instrumentation.cjs.map',
  'dist/instrumentation.d.cts',
  'dist/instrumentation.d.ts',
  'dist/instrumentation.js',
  'dist/instrumentation.js.map',
  'dist/shared-data-cache-handler.js',
  'dist/shared-data-cache-handler.js.map',
  'package.json'
]

const ENTRIES = ['.', './context', './instrumentation', './package.json']
const NAMES = {
  'fastify-next': ['default', 'errors', 'fastifyNext'],
  'fastify-next/context': ['getFastify', 'getRenderData', 'getReply', 'getRequest'],
  'fastify-next/instrumentation': ['onRequestError', 'register']
}

const LIST_NAMES = `
  import { createRequire } from 'node:module'
  const require = createRequire(import.meta.url)
  const names = { imported: {}, required: {} }
  for (const entry of process.argv.slice(2)) {
    names.imported[entry] = Object.keys(await import(entry)).sort()
    names.required[entry] = Object.keys(require(entry)).sort()
  }
  console.log(JSON.stringify(names))
`

/** In some apps there is a cache handler, which does what it finds here. */
const SERVE = `
  exports.serve = async (fastify, plugin) => {
    if (process.argv[3] === 'failing') globalThis.cacheFails = () => { throw new Error('down') }
    await fastify.register(plugin, { dir: process.argv[2], dev: false })
    const { statusCode, body } = await fastify.inject('/')
    await fastify.close()
    console.log(JSON.stringify({ statusCode, page: /<h1>.*?<.h1>/.exec(body)?.[0] }))
  }
`

/** What programs register, by how they load it. */
const PROGRAMS = {
  'default.mjs': `
    import Fastify from 'fastify'
    import fastifyNext from 'fastify-next'
    import { serve } from './serve.cjs'
    await serve(Fastify(), fastifyNext)
  `,
  'named.mjs': `
    import Fastify from 'fastify'
    import { fastifyNext } from 'fastify-next'
    import { serve } from './serve.cjs'
    await serve(Fastify(), fastifyNext)
  `,
  'promise.mjs': `
    import Fastify from 'fastify'
    import { serve } from './serve.cjs'
    await serve(Fastify(), import('fastify-next'))
  `,
  'module.cjs': `
    require('./serve.cjs').serve(require('fastify')(), require('fastify-next'))
  `,
  'named.cjs': `
    require('./serve.cjs').serve(require('fastify')(), require('fastify-next').fastifyNext)
  `
}

const consumer = await installConsumer(t)

/** Runs a program of the consumer, and reads what it prints last. */
async function runProgram(name: string, ...args: string[]): Promise<unknown> {
  const { stdout } = await run(process.execPath, [join(consumer.dir, name), ...args], {
    cwd: consumer.dir,
    env: { ...process.env, NODE_OPTIONS: '', NODE_ENV: 'production' },
    timeout: 60_000,
    killSignal: 'SIGKILL'
  })
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '')
}

async function packedFiles(): Promise<string[]> {
  const entries = await readdir(consumer.installed, { recursive: true, withFileTypes: true })
  return entries
    .filter(entry => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name).slice(consumer.installed.length + 1))
}

t.test('the package holds these files', async t => {
  const names = (await packedFiles()).map(path =>
    path.replace(/(chunk|error-reporters)-\w+/, '$1-*')
  )
  t.strictSame([...new Set(names)].sort(), FILES)
})

t.test('the command is a script of Node', async t => {
  const { bin } = consumer.manifest
  t.strictSame(bin, { 'fastify-next': './dist/cli.js' })
  const code = await readFile(join(consumer.installed, String(bin['fastify-next'])), 'utf8')
  t.match(code, /^#!\/usr\/bin\/env node\n/)
})

t.test('every script has its source map, which holds the sources', async t => {
  const files = await packedFiles()
  const scripts = files.filter(path => /\.c?js$/.test(path))
  t.ok(scripts.length > 0)
  for (const path of scripts) {
    const code = await readFile(join(consumer.installed, path), 'utf8')
    const [, map] = /^\/\/# sourceMappingURL=(.*)$/m.exec(code) ?? []
    t.ok(files.includes(`dist/${map}`), `${path} has a map`)
    const text = await readFile(join(consumer.installed, 'dist', String(map)), 'utf8')
    const { sources, sourcesContent } = JSON.parse(text)
    t.equal(sourcesContent.length, sources.length, path)
    t.ok(sourcesContent.every((source: unknown) => typeof source === 'string'))
  }
})

t.test('the exports are these, required and imported', async t => {
  t.strictSame(Object.keys(consumer.manifest.exports), ENTRIES)
  await writeFile(join(consumer.dir, 'names.mjs'), LIST_NAMES)
  const names = await runProgram('names.mjs', ...Object.keys(NAMES))
  t.strictSame(names, { imported: NAMES, required: NAMES })
})

t.test('the package serves an app, required and imported', async t => {
  const app = await builtFixture('plain')
  await writeFile(join(consumer.dir, 'serve.cjs'), SERVE)
  for (const [name, code] of Object.entries(PROGRAMS)) {
    await writeFile(join(consumer.dir, name), code)
    const answer = await runProgram(name, app)
    t.strictSame(answer, { statusCode: 200, page: '<h1>Plain</h1>' }, name)
  }
})

t.test('pages reach the request of a server that has required or imported it', async t => {
  const app = await builtFixture('context')
  for (const name of Object.keys(PROGRAMS)) {
    const answer = await runProgram(name, app)
    t.strictSame(answer, { statusCode: 200, page: '<h1>req-1 of Fastify 5</h1>' }, name)
  }
})

t.test(
  'the cache handler of an app has its guard, and works where a bundle lacks that',
  async t => {
    const app = await builtFixture('cached')
    const home = '<h1>Home</h1>'
    for (const name of ['default.mjs', 'module.cjs']) {
      t.strictSame(await runProgram(name, app, 'failing'), { statusCode: 200, page: home }, name)
    }
    const guard = join(consumer.installed, 'dist', 'guarded-cache-handler.js')
    await rename(guard, `${guard}.away`)
    t.teardown(() => rename(`${guard}.away`, guard))
    for (const name of ['default.mjs', 'module.cjs']) {
      t.strictSame(await runProgram(name, app), { statusCode: 200, page: home }, name)
      t.match(await runProgram(name, app, 'failing'), { statusCode: 500 }, name)
    }
  }
)

t.test('publint finds no problem', async t => {
  const { buffer, byteLength, byteOffset } = await readFile(consumer.tarball)
  const tarball = buffer.slice(byteOffset, byteOffset + byteLength)
  const { messages, pkg } = await publint({ pack: { tarball }, strict: true })
  t.equal(pkg.name, 'fastify-next')
  t.strictSame(
    messages.map(message => formatMessage(message, pkg)),
    []
  )
})

t.test('attw finds no problem', async t => {
  const cli = repositoryPath('node_modules', '@arethetypeswrong', 'cli', 'dist', 'index.js')
  // It exits with 1 when there are problems, which it lists all the same.
  const { stdout } = await run(process.execPath, [cli, consumer.tarball, '--format', 'json']).catch(
    (failure: { stdout: string }) => failure
  )
  const { analysis, problems } = JSON.parse(stdout)
  t.strictSame(Object.keys(analysis.entrypoints), ENTRIES)
  t.strictSame(analysis.types, { kind: 'included' })
  t.strictSame(problems, {})
  t.strictSame(analysis.problems, [])
})
