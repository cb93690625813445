import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { type Remembering, rememberingIn, serveRemembering } from './helpers/from-memory.js'
import { copyOfBuild } from './helpers/static-copy.js'

const PLAIN = { 'accept-encoding': 'identity' }

interface Rules {
  headers: object[]
  onMatchHeaders: object[]
  rewrites: { beforeFiles: object[] }
}

/** Serves a copy of the build whose rules are other ones. */
async function serveWith(t: Test, change: (rules: Rules) => void): Promise<Remembering> {
  const { dir } = await copyOfBuild(t, 'fresh')
  const file = join(dir, '.next', 'routes-manifest.json')
  const rules = { onMatchHeaders: [], ...JSON.parse(await readFile(file, 'utf8')) }
  change(rules)
  await writeFile(file, JSON.stringify(rules))
  return rememberingIn(t, dir)
}

t.test('what a rewrite has put in the place of an automatic page is not kept', async t => {
  const elsewhere = createServer((request, response) => {
    response.setHeader('content-type', 'text/html; charset=utf-8')
    response.end(`for ${request.headers.cookie}`)
  })
  t.teardown(() => elsewhere.close())
  await once(elsewhere.listen(0, '127.0.0.1'), 'listening')
  const { port } = elsewhere.address() as AddressInfo
  const { load } = await serveWith(t, ({ rewrites }) => {
    rewrites.beforeFiles.push({
      source: '/automatic',
      destination: `http://127.0.0.1:${port}/`,
      regex: '^/automatic(?:/)?$'
    })
  })
  for (const user of ['alice', 'bob', 'carol']) {
    const { status, body } = await load('/automatic', { ...PLAIN, cookie: user })
    t.strictSame([status, String(body)], [200, `for ${user}`])
  }
})

t.test('a head in other letters leaves in the bytes that Next gives it', async t => {
  const { see } = await serveWith(t, ({ headers }) => {
    headers.push({
      source: '/path',
      headers: [{ key: 'x-name', value: 'größe' }],
      regex: '^/path(?:/)?$'
    })
  })
  for (let visit = 0; visit < 3; visit++) {
    const { headers } = await see('/path', PLAIN)
    t.equal(Buffer.from(String(headers['x-name']), 'latin1').toString(), 'größe')
  }
})

t.test('a rule for what the router asks for leaves the page in memory', async t => {
  // As Next has it of its own with a `deploymentId`.
  const { see, warm } = await serveWith(t, ({ onMatchHeaders }) => {
    onMatchHeaders.push({
      source: '/:path*',
      has: [{ type: 'header', key: 'rsc', value: '1' }],
      headers: [{ key: 'x-asked-by', value: 'router' }],
      regex: '^(?:/((?:[^/]+?)(?:/(?:[^/]+?))*))?(?:/)?$'
    })
  })
  await warm('/path', PLAIN)
  t.equal((await see('/path', PLAIN)).source, 'memory')
})

t.test('without entity tags no request has a condition', async t => {
  const { see, warm } = await serveRemembering(t, 'fresh', { conf: { generateEtags: false } })
  await warm('/path', PLAIN)
  t.equal((await see('/path', PLAIN)).source, 'memory')
  for (const tag of ['*', '"any"']) {
    t.equal((await see('/path', { ...PLAIN, 'if-none-match': tag })).status, 200)
  }
})
