import { readdir, readFile, stat, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import * as zlib from 'node:zlib'
import t from 'tap'
import { command, complaint } from './helpers/command.js'
import { copyOfBuild, loadCoded, serveDir } from './helpers/static-copy.js'

const SCRIPT = `// ${'a line that is found again\n// '.repeat(3_000)}`
const { zstdDecompressSync } = zlib as { zstdDecompressSync?: (bytes: Buffer) => Buffer }

t.test('compress puts the codings beside the files of a build', async t => {
  const { dir, root } = await copyOfBuild(t, 'app', {
    'chunks/own.js': SCRIPT,
    'media/font.woff2': Buffer.alloc(5_000)
  })
  const { stdout } = await command('compress', dir)
  const names = await readdir(root, { recursive: true })
  const coded = names.filter(name => /\.(?:br|gz|zst)$/.test(name))
  t.match(stdout, `${coded.length} files written`)
  const codings = zstdDecompressSync ? 3 : 2
  t.equal(coded.filter(name => name.startsWith('chunks/own.js')).length, codings)
  t.notOk(
    coded.some(name => name.includes('woff2')),
    'what is compressed already stays alone'
  )
  for (const name of coded) {
    const original = await readFile(join(root, name.replace(/\.\w+$/, '')))
    const bytes = await readFile(join(root, name))
    const decode = name.endsWith('.br')
      ? zlib.brotliDecompressSync
      : name.endsWith('.gz')
        ? zlib.gunzipSync
        : zstdDecompressSync
    t.ok(decode?.(bytes).equals(original), name)
    t.ok(bytes.length < original.length)
  }
  t.match((await command('compress', dir)).stdout, `${coded.length} files written`)
})

t.test('what it made is served, unless it is older than the file', async t => {
  const { dir, root } = await copyOfBuild(t, 'app', {
    'chunks/own.js': SCRIPT,
    'chunks/own.js.br': zlib.brotliCompressSync('made before'),
    'chunks/old.js': SCRIPT,
    'chunks/old.js.br': zlib.brotliCompressSync('of an earlier build')
  })
  const { mtimeMs } = await stat(join(root, 'chunks', 'old.js'))
  await utimes(join(root, 'chunks', 'old.js.br'), mtimeMs / 1000 - 60, mtimeMs / 1000 - 60)
  const { load } = await serveDir(t, dir)
  for (const [name, text] of [
    ['own', 'made before'],
    ['old', SCRIPT]
  ] as const) {
    const path = `/_next/static/chunks/${name}.js`
    await load(path)
    const { body } = await loadCoded(load, path, 'br')
    t.equal(zlib.brotliDecompressSync(body).toString(), text)
  }
})

t.test('what is wrong is said', async t => {
  for (const args of [[], ['nothing'], ['compress', 'one', 'two'], ['compress', '--fast']]) {
    t.match(await complaint(...args), /^Usage: fastify-next compress \[dir\]/)
  }
  const { dir } = await copyOfBuild(t, 'app')
  t.match(
    await complaint('compress', join(dir, 'app')),
    /^There is no production build in ".+": run/
  )
  t.match(await complaint('compress', join(dir, 'nowhere')), /^There is no directory ".+nowhere"/)
})
