import { mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import * as errors from '../src/errors.js'
import { resolveOptions } from '../src/options.js'
import { answered } from './helpers/answered.js'
import { builtFixture, fixturePath } from './helpers/fixture.js'
import { buildPlugin, repositoryPath, startServer } from './helpers/process.js'
import { startRedis } from './helpers/redis.js'

const readme = await readFile(repositoryPath('README.md'), 'utf8')

/** The names that the first column of a table below a heading has in backticks. */
function tableOf(heading: string): string[] {
  const [, section = ''] = readme.split(`\n## ${heading}\n`)
  const rows = (section.split('\n## ')[0] ?? '').matchAll(/^\| (`.*?) \|/gm)
  return [...rows].flatMap(([, cell]) =>
    [...String(cell).matchAll(/`(\w+)`/g)].map(([, name]) => String(name))
  )
}

/** The snippets of a language, as a user would copy them. */
function snippets(language: string): string[] {
  const blocks = readme.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms'))
  return [...blocks].map(([, code]) => String(code))
}

t.test('the options and their list are the same', async t => {
  t.strictSame(tableOf('Options').sort(), Object.keys(resolveOptions({})).sort())
})

t.test('the errors and their list are the same', async t => {
  t.strictSame(tableOf('Errors').sort(), Object.keys(errors).sort())
  for (const [name, FastifyNextError] of Object.entries(errors)) {
    t.equal(new (FastifyNextError as new () => { code: string })().code, name)
  }
})

t.test('the scripts of the two commands exist', async t => {
  const { scripts } = JSON.parse(await readFile(repositoryPath('package.json'), 'utf8'))
  for (const [name] of readme.matchAll(/(?<=npm run )\w+/g)) t.ok(scripts[name], name)
  t.ok(scripts.test)
})

/** By what is in a page. */
const FIXTURES = [
  ['getRenderData', 'data'],
  ['onRequestError', 'observed']
] as const

t.test('the pages are those of a fixture, which is served here and elsewhere', async t => {
  const pages = snippets('jsx')
  t.equal(pages.length, 5)
  for (const page of pages) {
    const [, path = '', code] = page.match(/^\/\/ (\S+)\n(.*)$/s) ?? []
    const fixture = FIXTURES.find(([name]) => code?.includes(name))?.[1] ?? 'context'
    t.equal(await readFile(fixturePath(fixture, path), 'utf8'), code, path)
  }
})

t.test('no snippet is in a language that nothing here runs', async t => {
  const languages = [...readme.matchAll(/^```(\w+)$/gm)].map(([, language]) => language)
  t.strictSame([...new Set(languages)].sort(), ['cjs', 'js', 'jsx', 'sh'])
})

t.test('every snippet runs', async t => {
  await buildPlugin()
  const dir = repositoryPath('test', 'fixtures', '.readme')
  t.teardown(() => rm(dir, { force: true, recursive: true }))
  const programs = [
    ...snippets('js').map((code, index) => [`${index}.mjs`, code] as const),
    ...snippets('cjs').map((code, index) => [`${index}.cjs`, code] as const)
  ]
  t.ok(programs.length >= 6)
  for (const [name, code] of programs) {
    const app = await builtFixture(code.includes('/account') ? 'data' : 'app')
    await rm(dir, { force: true, recursive: true })
    await mkdir(dir, { recursive: true })
    await symlink(app, join(dir, 'app'))
    const script = join(dir, name)
    await writeFile(script, code.replace('port: 3000', 'port: 0'))
    const redis = code.includes('REDIS_URL') ? await startRedis(t) : undefined
    const server = await startServer(t, script, /Server listening at (http:\/\/127\S+?)"/, {
      cwd: dir,
      env: { NODE_ENV: 'production', ...(redis && { REDIS_URL: redis.url }) }
    })
    if (redis) t.match(server.output(), 'The cache is shared through Redis')
    const page = await fetch(`${server.url}/static`)
    t.equal(page.status, 200, code)
    if (code.includes('x-request-id')) t.ok(page.headers.get('x-request-id'))
    if (code.includes('setCookie')) t.match(page.headers.get('set-cookie'), 'visitor=')
    if (code.includes('compress')) {
      const headers = { 'accept-encoding': 'br' }
      const dynamic = await fetch(`${server.url}/dynamic`, { headers })
      t.equal(dynamic.headers.get('content-encoding'), 'br')
      const [nonce] =
        dynamic.headers.get('content-security-policy')?.match(/(?<='nonce-).+?(?=')/) ?? []
      t.match(await dynamic.text(), `nonce="${nonce}"`)
    }
    if (code.includes('getRouteLabel')) {
      t.match(page.headers.get('server-timing'), /^fastify;dur=.*, next;dur=/)
      t.match(await (await fetch(`${server.url}/metrics`)).text(), 'route="/static"')
      t.match(server.output(), '"route":"/static"')
    }
    if (code.includes('/health')) {
      t.strictSame(await (await fetch(`${server.url}/health`)).json(), { ok: true })
    }
    if (code.includes('/ready')) {
      const isReady = async () => (await answered(`${server.url}/ready`)).status === 200
      t.ok(await isReady())
      const end = server.stop('SIGTERM')
      while (await isReady());
      t.equal((await answered(`${server.url}/static`)).status, 200)
      t.strictSame(await end, { code: 0, signal: null })
      continue
    }
    if (code.includes('/version')) {
      t.strictSame(await (await fetch(`${server.url}/version`)).json(), { version: 1 })
    }
    if (code.includes('onRequest: async')) {
      t.equal((await answered(`${server.url}/dynamic`)).status, 401)
    }
    if (code.includes('getRequestHandler')) {
      t.match(await (await fetch(`${server.url}/dynamic?q=own`)).text(), 'own')
    }
    if (code.includes('nextRender')) {
      t.match(await (await fetch(`${server.url}/users/ada`)).text(), 'Hello ada')
      t.equal((await answered(`${server.url}/users/nobody`)).status, 404)
      const failed = await fetch(`${server.url}/users/${'x'.repeat(21)}`)
      t.equal(failed.status, 400)
      t.match(failed.headers.get('content-type'), 'text/html')
    }
    await server.stop('SIGKILL')
  }
})
