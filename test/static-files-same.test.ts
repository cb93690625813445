import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { builtFixture } from './helpers/fixture.js'
import type { Allowance } from './same-answers/allowed.js'
import { Check } from './same-answers/check.js'
import { differencesOf } from './same-answers/differences.js'
import { type Answer, send } from './same-answers/exchange.js'
import { startBoth } from './same-answers/servers.js'
import { HEADERS, type Headers } from './same-answers/variants.js'

const TEXT = 'a line of text that is found again\n'.repeat(2_000)

/** What builds of larger apps have. */
const FILES = {
  'chunks/app/[slug]/page-1.js': Buffer.from(`// ${TEXT}`),
  'css/empty.css': Buffer.alloc(0),
  'css/short.css': Buffer.from('a{}'),
  'media/font.woff2': Buffer.alloc(40_000, 'woff2'),
  'media/film.mp4': Buffer.alloc(600_000, 'film'),
  'media/drawing.svg': Buffer.from(
    `<svg xmlns="http://www.w3.org/2000/svg"><!-- ${TEXT} --></svg>`
  ),
  'media/größe.txt': Buffer.from(TEXT),
  'media/without-type': Buffer.from(TEXT),
  'service-worker/worker.js': Buffer.from(`// ${TEXT}`)
}

const TAG = /^etag: (W\/"[\da-f]+-[\da-f]+)-(br|zstd)"$/

/** The same answer, with the coding that Next does not have. */
const ownCoding: Allowance = {
  reason: 'brotli and zstd',
  applies(request, next, plugin) {
    const coding = plugin.headers.find(line => line.startsWith('content-encoding: '))?.slice(18)
    if (coding !== 'br' && coding !== 'zstd') return false
    const isCoded = next.headers.includes('content-encoding: gzip')
    const headers = plugin.headers
      .filter(line => isCoded || !line.startsWith('content-encoding: '))
      .map(line => line.replace(/^content-encoding: .*/, 'content-encoding: gzip'))
      .map(line => line.replace(TAG, 'etag: $1"'))
    const { length: _, ...same } = { ...plugin, headers: headers.sort() }
    return (
      differencesOf(request, { ...next, length: undefined }, { ...same, length: undefined })
        .length === 0
    )
  }
}

const lineOf = (answer: Answer, name: string) =>
  answer.headers.find(line => line.startsWith(`${name}: `))?.slice(name.length + 2) ?? ''

t.test('build files are answered as next start does', async t => {
  const files = Object.fromEntries(
    Object.entries(FILES).map(([name, content]) => [join('.next', 'static', name), content])
  )
  const servers = await startBoth(t, { name: 'components', files })
  const check = new Check(servers, [ownCoding])
  const root = join(await builtFixture(join('same', 'components')), '.next', 'static')
  const entries = await readdir(root, { recursive: true, withFileTypes: true })
  const built = entries
    .filter(entry => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name).slice(root.length + 1))
  for (const name of [...built, ...Object.keys(FILES)]) {
    const path = `/_next/static/${name.split('/').map(encodeURIComponent).join('/')}`
    const first = await check.request({ method: 'GET', path })
    t.equal(first.status, '200 OK', name)
    const tag = lineOf(first, 'etag')
    const modified = lineOf(first, 'last-modified')
    const own: Headers[] = [
      { 'If-None-Match': tag },
      { 'If-None-Match': `"x", ${tag}` },
      { 'If-None-Match': tag.replace('W/', ''), 'Accept-Encoding': 'gzip' },
      { 'If-None-Match': tag, 'Cache-Control': 'no-cache' },
      { 'If-None-Match': tag, Range: 'bytes=0-1' },
      { 'If-None-Match': tag, 'If-Modified-Since': 'Sat, 01 Jan 2000 00:00:00 GMT' },
      { 'If-Modified-Since': modified },
      { 'If-Modified-Since': modified, 'Cache-Control': 'max-age=0, no-cache' },
      { 'If-Match': tag },
      { 'If-Range': tag, Range: 'bytes=1-2' },
      { Range: 'bytes=2-1' },
      { Range: 'bytes=0-5000', 'Accept-Encoding': 'gzip, br' },
      { Range: 'bytes=1-5000', 'Accept-Encoding': 'identity' },
      { Range: 'BYTES=1-2' },
      { 'Accept-Encoding': 'gzip;q=0.5, br;q=0.1' },
      { 'Accept-Encoding': 'br;q=0.5, gzip' },
      { 'Accept-Encoding': 'br;q=2, gzip' },
      { 'Accept-Encoding': 'deflate, gzip;q=0.5' },
      { 'Accept-Encoding': '' },
      { 'Accept-Encoding': '*;q=0, identity' }
    ]
    for (const headers of [...own, ...HEADERS]) {
      await check.request({ method: 'GET', path, headers })
      await check.request({ method: 'HEAD', path, headers })
    }
    await check.request({ method: 'GET', path: `${path}?dpl=1` })
    await check.request({ method: 'GET', path: `${path}/` })
    await check.request({ method: 'GET', path: `${path}%00` })
    await check.request({ method: 'GET', path: path.replace('/_next', '//_next') })
    await check.request({ method: 'GET', path: path.replace('static', '%73tatic') })
    await check.request({ method: 'GET', path: decodeURIComponent(path).replace(/[^ -~]/g, '') })
    await check.request({ method: 'GET', path: path.toUpperCase() })
    await check.request({ method: 'POST', path })
    await check.request({ method: 'OPTIONS', path })
    const body = { method: 'GET', path, body: 'a body' }
    await check.request(body)
    // Unlike what Next does alone, whatever the client has of the file is known again.
    for (const coding of ['br', 'zstd']) {
      const own = tag.replace(/"$/, `-${coding}"`)
      const { status } = await send(servers.plugin, {
        method: 'GET',
        path,
        headers: { 'If-None-Match': own }
      })
      t.equal(status, '304 Not Modified', `${name}, ${coding}`)
    }
  }
  check.report(t, 'build files')
})
