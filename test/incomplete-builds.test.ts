import { execFile } from 'node:child_process'
import { cp, mkdir, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { promisify } from 'node:util'
import Fastify from 'fastify'
import t, { type Test } from 'tap'
import { fastifyNext } from '../src/index.js'
import { assertBuilt } from '../src/next/build.js'
import { BuildFiles } from '../src/next/build-files.js'
import type { NextConfig } from '../src/next/config.js'
import { checkPrerendered } from '../src/next/prerendered.js'
import type { Settings } from '../src/options.js'
import { builtFixture, fixturePath } from './helpers/fixture.js'
import { count } from './helpers/lane.js'

// Every fixture is built here, if nothing has built it before.
t.setTimeout(300_000)

/** What has been done to a build, by the path of a file in it. */
type Damage = (path: string) => Promise<unknown>

const missing: Damage = path => rm(path)
const empty: Damage = path => truncate(path)
const halved: Damage = async path => truncate(path, Math.floor((await readFile(path)).length / 2))
const directory: Damage = path => rm(path).then(() => mkdir(path))
const loop: Damage = path => rm(path).then(() => symlink(path, path))
const nonsense: Damage = path => writeFile(path, 'nonsense')

/** Some of the files of one kind, and in the long lane all. */
function some(names: readonly string[]): readonly string[] {
  return names.filter(
    (_name, index) => index < count(2, names.length) || index === names.length - 1
  )
}

let copies = 0

async function copyOf(t: Test, fixture: string): Promise<string> {
  const dir = fixturePath(`.incomplete-${process.pid}-${copies++}`)
  t.teardown(() => rm(dir, { force: true, recursive: true }))
  const built = await builtFixture(fixture)
  const filter = (path: string) => !/[\\/]\.next[\\/](cache|dev)([\\/]|$)/.test(path)
  await cp(built, dir, { filter, recursive: true })
  return dir
}

/** Resolves to nothing, or rejects. */
async function register(dir: string): Promise<Record<string, string>> {
  const fastify = Fastify()
  try {
    await fastify.register(fastifyNext, { dir, dev: false })
    return {}
  } finally {
    await fastify.close()
  }
}

/** The names of files below `static/` that a manifest has. */
async function assetsIn(dir: string, manifest: string): Promise<string[]> {
  const text = await readFile(join(dir, '.next', manifest), 'utf8')
  const names = text.match(/(?<=["/])static\/[^"?]+\.(js|css)/g) ?? []
  return [...new Set(names)]
}

for (const [fixture, html] of [
  ['app', ['server/app/static.html', 'server/app/blog/a.html', 'server/pages/404.html']],
  ['same/components', ['server/app/cached.html', 'server/app/partial/1.html']],
  ['same/international', ['server/pages/en/static.html', 'server/pages/de.html']]
] as const) {
  t.test(`what is found at boot in a build of "${fixture}"`, async t => {
    const dir = await copyOf(t, fixture)
    const inBuild = (name: string) => join(dir, '.next', name)
    const read = async (name: string) => JSON.parse(await readFile(inBuild(name), 'utf8'))

    const expectFound = async (name: string, ...damages: Damage[]) => {
      const intact = await readFile(inBuild(name))
      for (const damage of damages) {
        await damage(inBuild(name))
        const { code, message } = await register(dir).catch(error => error)
        t.equal(code, 'FST_NEXT_BUILD_INCOMPLETE', `${name}: ${damage.name}`)
        t.match(message, name)
        t.match(message, `Run "next build ${dir}" again.`)
        await rm(inBuild(name), { force: true, recursive: true })
        await writeFile(inBuild(name), intact)
      }
    }

    const { files } = await read('required-server-files.json')
    const named: string[] = files.map((file: string) => file.replace('.next/', ''))
    t.ok(named.includes('routes-manifest.json') && named.includes('prerender-manifest.json'))
    const manifests = named.filter(name => name.endsWith('.json'))
    await expectFound('prerender-manifest.json', directory, loop)
    for (const name of some(manifests)) await expectFound(name, missing, empty, halved, nonsense)
    // Without its BUILD_ID there is no build.
    const others = named.filter(name => !name.endsWith('.json') && name !== 'BUILD_ID')
    for (const name of some(others)) await expectFound(name, missing, empty)

    const modules: string[] = Object.values({
      ...(await read('server/pages-manifest.json')),
      ...(await read('server/app-paths-manifest.json').catch(() => ({})))
    })
    for (const module of some(modules)) {
      await expectFound(join('server', module), missing, empty, directory, loop)
    }

    const [module = ''] = modules.filter(module => module.endsWith('.js')).slice(-1)
    const trace = await read(`${join('server', module)}.nft.json`)
    const chunks: string[] = trace.files
      .map((file: string) => join('server', module, '..', file))
      .filter((name: string) => name.startsWith(join('server', 'chunks')) && name.endsWith('.js'))
    t.ok(chunks.length > 0)
    for (const chunk of some(chunks)) await expectFound(chunk, missing, empty)

    for (const asset of some(await assetsIn(dir, 'build-manifest.json'))) {
      await expectFound(asset, missing, empty)
    }
    for (const page of html) await expectFound(page, empty, halved, directory, loop)
    await register(dir)
  })
}

t.test('the scripts of one page are found too, unless they are served elsewhere', async t => {
  const dir = await copyOf(t, 'same/main')
  const manifest = join('server', 'app', 'page_client-reference-manifest.js')
  const shared = new Set(await assetsIn(dir, 'build-manifest.json'))
  const [own = ''] = (await assetsIn(dir, manifest)).filter(name => !shared.has(name))
  t.ok(own)
  await rm(join(dir, '.next', own))
  await t.rejects(register(dir), { code: 'FST_NEXT_BUILD_INCOMPLETE', message: own })
  for (const options of [
    { noServeAssets: true, catchAll: false },
    { conf: { assetPrefix: 'https://cdn.example' } }
  ]) {
    const fastify = Fastify({ logger: { level: 'silent' } })
    await fastify.register(fastifyNext, { dir, dev: false, ...options })
    await fastify.close()
  }
})

t.test('without any script or style it starts, and warns once', async t => {
  const dir = await copyOf(t, 'plain')
  const assets = join(dir, '.next', 'static')
  await rm(assets, { recursive: true })
  // Next itself does not start without the directory.
  await t.rejects(register(dir), { code: 'FST_NEXT_BUILD_INCOMPLETE', message: /"static" is no/ })
  await mkdir(assets)
  const lines: string[] = []
  const logger = { level: 'warn', stream: { write: (line: string) => void lines.push(line) } }
  const fastify = Fastify({ logger })
  t.teardown(() => fastify.close())
  await fastify.register(fastifyNext, { dir, dev: false })
  t.equal((await fastify.inject('/')).statusCode, 200)
  const warnings = lines.filter(line => line.includes('noServeAssets'))
  t.equal(warnings.length, 1)
  t.match(warnings[0], JSON.stringify(assets).slice(1, -1))
})

t.test('what can not be read is a problem, with its cause', async t => {
  const dir = await copyOf(t, 'plain')
  const server = join(dir, '.next', 'server')
  await rm(server, { recursive: true })
  await writeFile(server, 'a file in place of the directory')
  await t.rejects(register(dir), { code: 'FST_NEXT_BUILD_INCOMPLETE', message: /is missing/ })
  await loop(server)
  await t.rejects(register(dir), {
    cause: { code: 'ELOOP' },
    code: 'FST_NEXT_BUILD_INCOMPLETE',
    message: /can not be read/
  })
  const id = join(dir, '.next', 'BUILD_ID')
  await directory(id)
  await t.rejects(register(dir), { code: 'FST_NEXT_BUILD_INCOMPLETE', message: /"BUILD_ID"/ })
})

t.test('HTML that is removed while it is checked is no damage', async t => {
  const files = new BuildFiles(t.testdir())
  // As it was when it was still there.
  files.size = () => 100
  files.readManifest = name => (name.startsWith('server') ? { '/a': 'pages/a.html' } : {})
  await checkPrerendered(files)
  t.same(files.problems, [])
})

t.test('the process does other work while a large build is checked', async t => {
  const pages = Array.from({ length: 250 }, (_, index) => `app/${index}.js`)
  const dir = t.testdir({
    '.next': {
      BUILD_ID: 'id',
      'required-server-files.json': '{"files":[]}',
      static: {},
      server: {
        'app-paths-manifest.json': JSON.stringify(pages),
        app: Object.fromEntries(pages.map(page => [page.slice('app/'.length), 'module']))
      }
    }
  })
  let hasTurned = false
  setImmediate(() => {
    hasTurned = true
  })
  const settings = { dir, noServeAssets: true } as Settings
  const config = { assetPrefix: '', distDir: '.next' } as NextConfig
  await assertBuilt(settings, config, Fastify().log)
  t.ok(hasTurned)
})

t.test('a message names the first problems, and counts the rest', async t => {
  const dir = await copyOf(t, 'plain')
  await rm(join(dir, '.next', 'server', 'app'), { recursive: true })
  await t.rejects(register(dir), {
    code: 'FST_NEXT_BUILD_INCOMPLETE',
    message: /(".+?" is missing, ){3}and \d+ more\. Run "next build/
  })
})

t.test('Next renders again what was prerendered and is gone', async t => {
  const dir = await copyOf(t, 'app')
  const server = join(dir, '.next', 'server')
  await rm(join(server, 'route-cache'), { force: true, recursive: true })
  for (const name of ['static.html', 'static.rsc', 'static.meta', 'blog/a.html', 'isr.meta']) {
    await rm(join(server, 'app', name))
  }
  const fastify = Fastify()
  t.teardown(() => fastify.close())
  await fastify.register(fastifyNext, { dir, dev: false })
  for (const [url, text] of [
    ['/static', 'A page that is prerendered.'],
    ['/blog/a', 'Blog'],
    ['/isr', '<time>']
  ] as const) {
    const { body, statusCode } = await fastify.inject(url)
    t.equal(statusCode, 200, url)
    t.match(body, text)
  }
})

t.test('pages that were renewed at run time are no damage', async t => {
  const dir = await copyOf(t, 'app')
  const server = join(dir, '.next', 'server')
  // Next 16.2 writes them over those of the build, and may be at it when another process starts.
  const page = join(server, 'app', 'isr.html')
  const html = await readFile(page, 'utf8')
  await writeFile(page, html.replace('<time>', '<time>now, '))
  await register(dir)
  await truncate(page, 100)
  const registered = register(dir)
  setTimeout(() => writeFile(page, html.replace('<time>', '<time>later, ')), 20)
  await registered
  // Later versions keep them apart, and render them again when they are broken.
  await mkdir(join(server, 'route-cache', 'APP_PAGE'), { recursive: true })
  await writeFile(join(server, 'route-cache', 'APP_PAGE', 'page.html'), '<html>')
  await register(dir)
})

t.test('every whole build starts', async t => {
  const fixtures = ['app', 'based', 'failing', 'pages-router', 'plain', 'slashed', 'same/main']
  const others = ['in-action', 'prefixed', 'same/based', 'same/proxied']
  for (const fixture of [...fixtures, ...others.slice(0, count(0, others.length))]) {
    t.same(await register(await builtFixture(fixture)), {}, fixture)
  }
})

const CLIENT_PAGE = `'use client'
export default function Page() {
  return <p>A page with a script.</p>
}
`

t.test('and one that webpack has made', async t => {
  // The larger one takes twice as long.
  const dir = await copyOf(t, count(0, 1) ? 'app' : 'data')
  // webpack writes its name in two ways.
  await mkdir(join(dir, 'app', '[named]'))
  await writeFile(join(dir, 'app', '[named]', 'page.jsx'), CLIENT_PAGE)
  await rm(join(dir, '.next'), { recursive: true })
  const next = createRequire(join(dir, 'package.json')).resolve('next/dist/bin/next')
  // Next sets it for the process, and a build takes it for a flag.
  const { TURBOPACK: _bundler, ...inherited } = process.env
  const env = { ...inherited, NODE_ENV: 'production', NODE_OPTIONS: '' } as NodeJS.ProcessEnv
  await promisify(execFile)(process.execPath, [next, 'build', dir, '--webpack'], { env })
  await register(dir)
  const [asset = ''] = await assetsIn(dir, 'build-manifest.json')
  for (const name of [asset, 'react-loadable-manifest.json', 'server/app/static/page.js']) {
    const intact = await readFile(join(dir, '.next', name))
    await rm(join(dir, '.next', name))
    await t.rejects(register(dir), { code: 'FST_NEXT_BUILD_INCOMPLETE', message: name })
    await writeFile(join(dir, '.next', name), intact)
  }
})
