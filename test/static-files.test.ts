import { once } from 'node:events'
import { open, readdir, rm, writeFile } from 'node:fs/promises'
import { get } from 'node:http'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import cookie from '@fastify/cookie'
import type { FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import type { FastifyNextOptions } from '../src/index.js'
import { copyOfBuild, loadCoded, serveDir } from './helpers/static-copy.js'

const SCRIPT = `// ${'a line that is found again\n// '.repeat(3_000)}`
const FILM = Buffer.alloc(700_000, 'film')
const LONG_FILM = Buffer.alloc(20_000_000, 'film')

interface Setup {
  fixture?: string
  files?: Record<string, string | Buffer>
  options?: FastifyNextOptions
  before?(fastify: FastifyInstance): unknown
}

async function serveCopy(t: Test, { fixture = 'app', files, options, before }: Setup = {}) {
  const { dir, root } = await copyOfBuild(t, fixture, { 'chunks/own.js': SCRIPT, ...files })
  return { root, ...(await serveDir(t, dir, options, before)) }
}

const OWN = '/_next/static/chunks/own.js'
const EVERY = { 'accept-encoding': 'gzip, deflate, br, zstd' }

t.test('once Next has answered, files come from memory', async t => {
  const { load, root } = await serveCopy(t, { files: { 'media/film.mp4': FILM } })
  const films = '/_next/static/media/film.mp4'
  for (const path of [OWN, films]) t.equal((await load(path)).status, 200)
  await rm(root, { recursive: true })
  t.equal((await load(OWN)).body.toString(), SCRIPT)
  const head = await load(OWN, {}, 'HEAD')
  t.equal(head.status, 200)
  t.equal(head.headers['content-length'], String(SCRIPT.length))
  t.equal(head.body.length, 0)
  t.ok((await load(films)).body.equals(FILM), 'what is large comes from an open file')
  t.equal((await load(films, {}, 'HEAD')).headers['content-length'], String(FILM.length))
  const part = await load(films, { range: 'bytes=2-5' })
  t.equal(part.status, 206)
  t.equal(part.headers['content-range'], `bytes 2-5/${FILM.length}`)
  t.equal(part.body.toString(), 'lmfi')
  t.equal((await load('/_next/static/chunks/other.js')).status, 404)
  t.equal((await load(OWN, {}, 'POST')).status, 405, 'what is rare goes to Next')
})

t.test('with staticAssets: false Next answers', async t => {
  const { load, root } = await serveCopy(t, { options: { staticAssets: false } })
  t.equal((await load(OWN)).status, 200)
  t.equal((await load(OWN, EVERY)).headers['content-encoding'], 'gzip')
  await rm(root, { recursive: true })
  t.equal((await load(OWN)).status, 400, 'what Next says of a file that is gone')
})

t.test('codings are made once, each with a tag of its own', async t => {
  const { load } = await serveCopy(t)
  const first = await load(OWN, EVERY)
  t.equal(first.headers['content-encoding'], 'gzip', "the first answer is Next's")
  t.equal(gunzipSync(first.body).toString(), SCRIPT)
  const tag = String(first.headers.etag)
  for (const [coding, decode] of [
    ['gzip', gunzipSync],
    ['br', brotliDecompressSync]
  ] as const) {
    const { headers, body } = await loadCoded(load, OWN, coding)
    t.equal(decode(body).toString(), SCRIPT)
    t.equal(headers['content-length'], String(body.length))
    t.equal(headers.vary, 'Accept-Encoding')
    t.equal(headers.etag, coding === 'br' ? tag.replace(/"$/, '-br"') : tag)
    const again = await load(OWN, { 'if-none-match': String(headers.etag), ...EVERY })
    t.equal(again.status, 304)
    t.equal(again.headers.etag, headers.etag)
    t.equal(again.headers['content-type'], undefined)
  }
  t.equal((await load(OWN, EVERY)).headers['content-encoding'], 'br', 'the smallest is preferred')
  const preferred = await load(OWN, { 'accept-encoding': 'br;q=0.5, gzip' })
  t.equal(preferred.headers['content-encoding'], 'gzip', 'but for what the client says')
  for (const accepted of ['identity', '', 'br;q=0', 'gzip;q=0.2, identity']) {
    const { headers, body } = await load(OWN, { 'accept-encoding': accepted })
    t.equal(headers['content-encoding'], undefined, accepted)
    t.equal(body.toString(), SCRIPT)
  }
})

t.test('what a proxy or a header of the app concerns goes to Next', async t => {
  const { load, root } = await serveCopy(t, { fixture: 'same/main' })
  t.equal((await load(OWN)).headers['x-everywhere'], 'yes')
  await rm(root, { recursive: true })
  t.equal((await load(OWN)).status, 400, 'what Next says of a file that is gone')
})

t.test('a file that is replaced before Next has answered is not what was kept', async t => {
  const { load, root } = await serveCopy(t)
  await writeFile(join(root, 'chunks', 'own.js'), 'replaced')
  for (let count = 0; count < 2; count++) t.equal((await load(OWN)).body.toString(), 'replaced')
})

t.test('hooks see the answers, and change them', async t => {
  const { load } = await serveCopy(t, {
    async before(fastify) {
      await fastify.register(cookie)
      fastify.addHook('onRequest', async (request, reply) => {
        reply.header('vary', 'Origin').header('x-hook', 'seen')
        if (request.headers['x-visitor']) reply.setCookie('visitor', 'one')
        if (request.headers['x-refused']) throw new Error('refused')
      })
      fastify.addHook('onSend', async (request, _reply, payload) => {
        if (request.headers['x-failing']) throw new Error('failed')
        return request.headers['x-changed'] ? 'changed' : payload
      })
    }
  })
  for (let count = 0; count < 2; count++) {
    const { headers } = await load(OWN)
    t.equal(headers['x-hook'], 'seen')
    t.equal(headers.vary, 'Origin, Accept-Encoding')
    t.match(headers['cache-control'], 'immutable')
    t.type(headers.etag, 'string')
  }
  const visitor = await load(OWN, { 'x-visitor': '1' })
  t.match(visitor.headers['set-cookie'], ['visitor=one'])
  t.match(visitor.headers['cache-control'], 'no-store', 'a cookie is kept out of shared caches')
  const changed = await load(OWN, { 'x-changed': '1' })
  t.equal(changed.body.toString(), 'changed')
  t.equal(changed.headers['content-length'], '7')
  t.equal(changed.headers.etag, undefined, 'the tag is of other bytes')
  for (const name of ['x-refused', 'x-failing']) {
    const { status, headers } = await load(OWN, { [name]: '1' })
    t.equal(status, 500)
    t.equal(headers['cache-control'], name === 'x-failing' ? 'no-store' : undefined)
    t.equal(headers['last-modified'], undefined)
  }
  t.match((await load(OWN)).headers['cache-control'], 'immutable')
})

t.test('an answer with a cookie is never learnt', async t => {
  const { load, root } = await serveCopy(t, {
    before: fastify =>
      fastify.addHook(
        'onRequest',
        async (_request, reply) => void reply.header('set-cookie', 'a=1')
      )
  })
  t.match((await load(OWN)).headers['set-cookie'], ['a=1'])
  await rm(root, { recursive: true })
  const { headers, body } = await load(OWN)
  t.strictSame(headers['set-cookie'], ['a=1'], 'that of a hook is not in the answer that is kept')
  t.equal(body.toString(), SCRIPT)
})

t.test('a client that leaves takes no open file with it', async t => {
  const { load, root, port } = await serveCopy(t, { files: { 'media/film.mp4': LONG_FILM } })
  const path = '/_next/static/media/film.mp4'
  await load(path)
  await rm(root, { recursive: true })
  for (let count = 0; count < 5; count++) {
    const outgoing = get({ host: '127.0.0.1', port, path })
    const [incoming] = await once(outgoing, 'response')
    await once(incoming, 'data')
    const closed = new Promise(resolve => incoming.once('close', resolve))
    incoming.on('error', () => {})
    outgoing.destroy()
    await closed
  }
  // What is opened now would get the number of a file that was closed.
  const other = await open(fileURLToPath(import.meta.url))
  t.teardown(() => other.close())
  const { status, body } = await load(path)
  t.equal(status, 200)
  t.ok(body.equals(LONG_FILM))
})

t.test('the open files are closed', async t => {
  const openFiles = () => readdir('/proc/self/fd').then(names => names.length)
  const { fastify, load } = await serveCopy(t, { files: { 'media/film.mp4': FILM } })
  await load('/_next/static/media/film.mp4')
  const before = await openFiles()
  await fastify.close()
  t.ok((await openFiles()) < before)
})
