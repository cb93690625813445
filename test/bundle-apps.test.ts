import { existsSync } from 'node:fs'
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import t from 'tap'
import { actionOf } from './helpers/action.js'
import { emptyDirectory, sizesIn, startBundle } from './helpers/bundle.js'
import { complaint, run } from './helpers/command.js'
import { installConsumer } from './helpers/consumer.js'
import { builtFixture } from './helpers/fixture.js'
import { repositoryPath } from './helpers/process.js'
import { until } from './helpers/until.js'

t.setTimeout(240_000)

const BOUND = 10_000

/** The apps of the server, below paths of their own. */
const apps = { main: await builtFixture('app'), based: await builtFixture('twin-based') }

const FILES = {
  'server.cjs': `
    const { join } = require('node:path')
    const { readdirSync } = require('node:fs')
    const fastify = require('fastify')({ logger: true, disableRequestLogging: true })
    const fastifyNext = require('fastify-next')
    const [main, based] = require('./dirs.json')
    const routes = join(__dirname, 'routes')
    for (const name of readdirSync(routes)) fastify.register(require(join(routes, name)))
    fastify.register(async scope => scope.register(fastifyNext, { dir: main }))
    fastify.register(async scope => scope.register(fastifyNext, { dir: based }))
    fastify.get('/lazy', async () => (await import('./lazy.mjs')).default)
    try { require('not-installed') } catch {}
    fastify.get('/named', async () => require(['left', 'pad'].join('-'))())
    const start = async () => {
      process.once('SIGTERM', () => fastify.close())
      console.log('Listening on ' + await fastify.listen({ port: Number(process.env.PORT) }))
    }
    if (require.main === module) start()
  `,
  'routes/greeting.cjs': `
    const greeting = require('../greeting.json')
    module.exports = async fastify => fastify.get('/greeting', async () => greeting)
  `,
  'greeting.json': '{ "greeting": "hello" }',
  'lazy.mjs': 'export default { lazy: true }',
  'dirs.json': '',
  'node_modules/left-pad/package.json': '{ "main": "./main.js" }',
  'node_modules/left-pad/main.js': 'module.exports = () => ({ named: true })'
}

async function writeAll(dir: string, files: Record<string, string>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(dir, name)), { recursive: true })
    await writeFile(join(dir, name), text)
  }
}

t.test('a server of CommonJS with two apps, from the package and with links', async t => {
  const { dir, installed } = await installConsumer(t)
  const dirs = Object.values(apps)
  const files = { ...FILES, 'dirs.json': JSON.stringify(dirs.map(path => relative(dir, path))) }
  await writeAll(dir, files)
  const made = join(await emptyDirectory(t), 'made')
  const args = ['bundle', 'server.cjs', '--out', made, '--include', 'left-pad']
  for (const path of dirs) args.push('--dir', path)
  const bundle = () => run(join(installed, 'dist', 'cli.js'), { cwd: dir, args })

  const { stderr: refusal } = (await bundle().catch(error => error)) as { stderr: string }
  t.match(refusal, /needs a package: run "npm install --save-dev @vercel\/nft"/)
  const nft = join(dir, 'node_modules', '@vercel', 'nft')
  await mkdir(dirname(nft), { recursive: true })
  await symlink(repositoryPath('node_modules', '@vercel', 'nft'), nft)

  await writeAll(made, { 'package.json': '{ "name": "fastify-next-bundle" }', 'files/old.js': '' })
  const { stderr } = await bundle()
  const missing = [...stderr.matchAll(/^"(.+)" of ".+" can not be found\.$/gm)]
  t.strictSame(
    missing.map(([, id]) => id),
    ['not-installed'],
    'nothing else is missing'
  )
  t.notOk(existsSync(join(made, 'files', 'old.js')), 'an earlier bundle is replaced')

  const { url, output, stop } = await startBundle(t, made, /^Listening on (\S+)$/m)
  const load = async (path: string) => {
    const response = await fetch(url + path, { signal: AbortSignal.timeout(BOUND) })
    return { status: response.status, text: await response.text() }
  }

  await t.test('what the server loads is there', async t => {
    t.match(await load('/greeting'), { text: '{"greeting":"hello"}' })
    t.match(await load('/lazy'), { text: '{"lazy":true}' })
    t.match(await load('/named'), { text: '{"named":true}' })
  })

  await t.test('each app has its own config', async t => {
    t.match(await load('/'), { status: 200 })
    t.match(await load('/static'), { status: 200 })
    t.match(await load('/hello.txt'), { status: 200 }, 'a file of public')
    t.match(await load('/legacy'), { status: 200 }, 'a page of the Pages Router')
    t.match(await load('/api-route/json'), { status: 200 })
    t.match(await load('/nowhere'), { status: 404 })
    t.match(await load('/based/dynamic'), { status: 200, text: /dynamic of / })
    const moved = await fetch(`${url}/old`, { redirect: 'manual' })
    t.equal(moved.headers.get('location'), '/static')
    const form = new FormData()
    form.set(`$ACTION_ID_${await actionOf(`${url}/action`)}`, '')
    form.set('name', 'ada')
    const acted = await fetch(`${url}/action`, {
      method: 'POST',
      headers: { origin: url },
      body: form,
      redirect: 'manual'
    })
    t.equal(acted.status, 303)
  })

  await t.test('pages are renewed', async t => {
    const { text: before } = await load('/isr')
    const after = await until(
      () => load('/isr'),
      ({ text }) => text !== before,
      BOUND
    )
    t.not(after.text, before)
    t.match(await load('/blog/new'), { status: 200 }, 'and made when they are asked for')
  })

  t.match(await stop(), { code: 0 })
  t.equal(
    output().match(/moved.files.* is read-only/g)?.length,
    2,
    'both apps are those of the bundle'
  )
  t.strictSame(output().match(/.*"level":[456]0.*/g) ?? [], [], 'the log has no problem')
})

t.test('what is wrong is said', async t => {
  const dir = await emptyDirectory(t)
  const server = join(dir, 'server.mjs')
  await writeFile(server, '')
  const bundled = (...args: string[]) => complaint('bundle', ...args)

  t.match(await bundled(), /^Usage: fastify-next compress/)
  t.match(await bundled(server, 'more'), /^Usage: /)
  t.match(await bundled(server, '--fast'), /^Usage: /)
  t.match(await bundled(join(dir, 'none.js')), /^There is no file ".+none.js": give/)
  t.match(await bundled(dir), /^There is no file /)
  t.match(await bundled(server), /^There is no production build in ".+": run .+"--dir"/)
  t.match(await bundled(server, '--dir', join(dir, 'none')), /^There is no directory /)

  const out = join(dir, 'out')
  await mkdir(out)
  await writeFile(join(out, 'own.txt'), '')
  const options = ['--dir', apps.based, '--out', out]
  t.match(await bundled(server, ...options), /^The folder ".+out" holds what .+"--out"/)
  t.strictSame([...(await sizesIn(out)).keys()], ['own.txt'], 'it is left as it was')
})
