import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { emptyDirectory, sizesIn, startBundle } from './helpers/bundle.js'
import { command } from './helpers/command.js'
import { buildExample, buildPlugin, repositoryPath, startServer } from './helpers/process.js'

t.setTimeout(240_000)

const SCRIPT = repositoryPath('example', 'server.js')
const READY = /^Example ready on (http:\S+)$/m
const LIMIT = 80_000_000

await buildPlugin()
await buildExample()

const made = join(await emptyDirectory(t), 'made')
const { stdout } = await command('bundle', SCRIPT, '--out', made)

t.test('it has what the example needs, and no more', async t => {
  const sizes = await sizesIn(made)
  const names = [...sizes.keys()]
  const bytes = [...sizes.values()].reduce((sum, size) => sum + size)
  t.ok(bytes < LIMIT, `${bytes} bytes are less than ${LIMIT}`)
  const [, megabytes] = /^ *(\d+\.\d) MB +in \d+ files/m.exec(stdout) ?? []
  t.ok(Math.abs(Number(megabytes) - bytes / 1e6) < 1, 'the command says how many')
  t.match(stdout, `Start it with "node ${join(made, 'server.js')}"`)
  for (const pattern of [
    /next-swc/,
    /node_modules.typescript/,
    /turbopack.*\.node$/,
    /compiled.babel/,
    /\.next.cache/,
    /files.example.app./,
    /next\.config\.ts/,
    /\.d\.ts$/
  ]) {
    t.strictSame(
      names.filter(name => pattern.test(name)),
      [],
      String(pattern)
    )
  }
})

t.test('it has all of Next that the plugin asks for by name', async t => {
  const code = await readFile(repositoryPath('dist', 'index.js'), 'utf8')
  const ids = [...code.matchAll(/["'`](next\/dist\/[^"'`$]+)["'`]/g)].map(([, id]) => String(id))
  const names = new Set((await sizesIn(made)).keys())
  const ofDevelopment = /watchpack|lockfile/
  const asked = ids.filter(id => !ofDevelopment.test(id))
  t.ok(asked.length > 5)
  for (const id of asked) {
    const path = join('files', 'node_modules', id)
    t.ok(names.has(`${path}.js`) || names.has(join(path, 'index.js')), id)
  }
})

t.test('it answers as the server that it was made of, with nothing to write to', async t => {
  const bundled = await startBundle(t, made, READY)
  const original = await startServer(t, SCRIPT, READY, {
    env: { NODE_ENV: 'production', PORT: '0' }
  })
  const home = await (await fetch(original.url)).text()
  const [image = ''] = /\/_next\/image\?url=[^" ]+/.exec(home) ?? []
  const [script = ''] = /\/_next\/static\/[^"]+\.js/.exec(home) ?? []
  const same = [
    '/',
    '/icon.svg',
    '/favicon.ico',
    '/nowhere',
    image.replaceAll('&amp;', '&'),
    script
  ]
  const dynamic = ['/account', '/boats', '/guestbook', '/health', '/process', '/sorry', '/stream']
  for (const path of [...same, ...same, ...dynamic, '/api/hello', '/visits']) {
    const [one, other] = await Promise.all([bundled, original].map(({ url }) => ask(url + path)))
    t.equal(one?.type, other?.type, `${path} has its type`)
    t.equal(one?.status, other?.status, `${path} has its status`)
    if (same.includes(path)) t.ok(one?.body.equals(Buffer.from(other?.body ?? '')), path)
  }
  t.match(
    await ask(bundled.url + same[4]),
    { status: 200, type: 'image/webp' },
    'sharp has made it'
  )
  t.match(await ask(`${bundled.url}/account`), { status: 200 })

  t.match(await bundled.stop(), { code: 0 })
  const problems = bundled.output().match(/.*"level":[456]0.*/g) ?? []
  t.strictSame(problems, [], 'what can not be written is no problem')
  t.match(bundled.output(), 'is read-only: pages are renewed in memory')
})

async function ask(url: string) {
  const response = await fetch(url, { headers: { accept: 'image/webp,*/*' } })
  const body = Buffer.from(await response.arrayBuffer())
  return { status: response.status, type: response.headers.get('content-type'), body }
}
