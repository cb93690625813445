import { execFile } from 'node:child_process'
import { cp, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import * as source from '../src/index.js'
import { builtFixture } from './helpers/fixture.js'
import { buildPlugin, repositoryPath } from './helpers/process.js'

const run = promisify(execFile)

const PROGRAMS = {
  'esm.mjs': `
    import Fastify from 'fastify'
    import fastifyNext, { errors, fastifyNext as named } from 'fastify-next'
    export const same = fastifyNext === named && typeof errors.FST_NEXT_INVALID_OPTION === 'function'
    export const plugin = fastifyNext
  `,
  'cjs.cjs': `
    exports.plugin = require('fastify-next')
    exports.same = exports.plugin.default === exports.plugin.fastifyNext
  `
}

const SERVE = `
  import Fastify from 'fastify'
  const { plugin, same } = await import(process.argv[2])
  const fastify = Fastify()
  fastify.register(plugin, { dir: process.argv[3], dev: false })
  const { statusCode } = await fastify.inject('/static')
  await fastify.close()
  console.log(JSON.stringify({ same, statusCode }))
`

t.test('the exports are these', async t => {
  t.strictSame(Object.keys(source).sort(), ['default', 'errors', 'fastifyNext'])
})

t.test('the package serves an app, required and imported', async t => {
  await buildPlugin()
  const app = await builtFixture('plain')
  // Below the repository, so that the peers are found.
  const dir = repositoryPath('test', 'fixtures', '.consumer')
  const installed = join(dir, 'node_modules', 'fastify-next')
  t.teardown(() => rm(dir, { force: true, recursive: true }))
  await rm(dir, { force: true, recursive: true })
  await mkdir(installed, { recursive: true })
  const { files } = JSON.parse(await readFile(repositoryPath('package.json'), 'utf8'))
  for (const name of ['package.json', ...files]) {
    await cp(repositoryPath(name), join(installed, name), { recursive: true })
  }
  await symlink(app, join(dir, 'app'))
  await writeFile(join(dir, 'serve.mjs'), SERVE.replace('/static', '/'))
  for (const [name, code] of Object.entries(PROGRAMS)) {
    await writeFile(join(dir, name), code)
    const { stdout } = await run(process.execPath, [join(dir, 'serve.mjs'), join(dir, name), app], {
      env: { ...process.env, NODE_OPTIONS: '', NODE_ENV: 'production' }
    })
    t.strictSame(
      JSON.parse(stdout.trim().split('\n').at(-1) ?? ''),
      { same: true, statusCode: 200 },
      name
    )
  }
})
