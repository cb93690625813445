import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import * as zlib from 'node:zlib'
import compress from '@fastify/compress'
import t from 'tap'
import { gate } from './helpers/globals.js'
import { serve } from './helpers/serve.js'

const DECODERS: Record<string, () => zlib.Gunzip> = {
  br: zlib.createBrotliDecompress as () => zlib.Gunzip,
  gzip: zlib.createGunzip
}
// From Node.js 22.15 on.
const { createZstdDecompress } = zlib as { createZstdDecompress?: () => zlib.Gunzip }
if (createZstdDecompress) DECODERS.zstd = createZstdDecompress

const PAGES = {
  '/static': 'A page that is prerendered',
  '/dynamic?q=own': 'own',
  '/stream': 'The slow part',
  [`/legacy?q=${'long'.repeat(400)}`]: 'long'
}

/** Resolves with the head; the body comes decoded. */
async function open(url: string, coding: string) {
  const outgoing = get(url, { headers: { 'accept-encoding': coding } })
  const [incoming] = await once(outgoing, 'response', { signal: AbortSignal.timeout(10_000) })
  const { headers } = incoming as IncomingMessage
  const decode = DECODERS[headers['content-encoding'] ?? '']
  const body = decode ? (incoming as IncomingMessage).pipe(decode()) : incoming
  return { headers, body: (body as zlib.Gunzip).setEncoding('utf8') }
}

async function readUntil(body: AsyncIterable<string>, text: string): Promise<string> {
  let read = ''
  for await (const chunk of body) {
    read += chunk
    if (read.includes(text)) return read
  }
  throw new Error(`The body ended without "${text}"`)
}

t.test('its codings are those of the pages', async t => {
  const { fastify, url } = await serve(t, { before: fastify => fastify.register(compress) })
  for (const coding of Object.keys(DECODERS)) {
    for (const [path, text] of Object.entries(PAGES)) {
      const { headers, body } = await open(`${url}${path}`, coding)
      t.equal(headers['content-encoding'], coding, `${path} ${coding}`)
      t.match(headers.vary, /accept-encoding/i)
      if (!path.startsWith('/legacy')) t.match(headers.vary, 'rsc')
      t.match(await readUntil(body, text), text)
    }
  }
  const plain = await fastify.inject({ url: '/static', headers: { 'accept-encoding': 'identity' } })
  t.notOk(plain.headers['content-encoding'])
  t.match(plain.body, PAGES['/static'])
})

t.test('registered too late it is not asked, and Next codes the pages', async t => {
  const warnings: string[] = []
  const stream = { write: (line: string) => void warnings.push(JSON.parse(line).msg) }
  const { url } = await serve(t, {
    server: { logger: { level: 'warn', stream } },
    after: fastify => fastify.register(compress)
  })
  const { headers, body } = await open(`${url}/static`, 'gzip')
  t.equal(headers['content-encoding'], 'gzip')
  t.match(await readUntil(body, PAGES['/static']), PAGES['/static'])
  t.match(warnings, [/register it before/])
})

t.test('a streamed page is flushed as it streams, with the options of the README', async t => {
  const { constants } = zlib
  const options = {
    brotliOptions: { flush: constants.BROTLI_OPERATION_FLUSH },
    zlibOptions: { flush: constants.Z_SYNC_FLUSH }
  }
  for (const coding of Object.keys(DECODERS)) {
    await t.test(coding, async t => {
      const slow = gate(t, 'slowPart')
      const { url } = await serve(t, { before: fastify => fastify.register(compress, options) })
      const { headers, body } = await open(`${url}/stream`, coding)
      t.equal(headers['content-encoding'], coding)
      let read = ''
      for await (const chunk of body) {
        read += chunk
        if (!read.includes('Waiting') || read.includes('The slow part')) continue
        await slow.entered
        t.notMatch(read, 'The slow part')
        slow.open()
      }
      t.match(read, /Waiting.*The slow part.*<\/html>/s)
    })
  }
})

t.test('without it Next codes its pages itself, also after a start with it', async t => {
  const { fastify } = await serve(t, { before: fastify => fastify.register(compress) })
  await fastify.close()
  const { url } = await serve(t)
  const { headers } = await open(`${url}/static`, 'gzip')
  t.equal(headers['content-encoding'], 'gzip')
  t.equal((await open(`${url}/static`, 'br')).headers['content-encoding'], undefined)
})
