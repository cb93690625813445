import type { Transform } from 'node:stream'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import zlib, { type ZlibOptions } from 'node:zlib'

/** The content codings in which a build file may be kept, the smallest first. */
export type Coding = 'br' | 'zstd' | 'gzip'

interface Encoder {
  /** Of the file that `fastify-next compress` puts beside the original. */
  extension: string
  create(size: number): Transform
}

/** Node has it from 22.15 on. */
const { createZstdCompress } = zlib as {
  createZstdCompress?: (options: { params: Record<number, number> }) => Transform
}
/** `ZSTD_c_compressionLevel`, and the highest that takes no more memory to read than others. */
const ZSTD_LEVEL = { 100: 19 }
const GZIP_LEVEL: ZlibOptions = { level: 9 }

export const ENCODERS: ReadonlyMap<Coding, Encoder> = new Map<Coding, Encoder>([
  ['br', { extension: '.br', create: createBrotli }],
  ...(createZstdCompress
    ? [
        [
          'zstd',
          { extension: '.zst', create: () => createZstdCompress({ params: ZSTD_LEVEL }) }
        ] as const
      ]
    : []),
  ['gzip', { extension: '.gz', create: () => zlib.createGzip(GZIP_LEVEL) }]
])

function createBrotli(size: number): Transform {
  const { BROTLI_PARAM_QUALITY, BROTLI_MAX_QUALITY, BROTLI_PARAM_SIZE_HINT } = zlib.constants
  return zlib.createBrotliCompress({
    params: { [BROTLI_PARAM_QUALITY]: BROTLI_MAX_QUALITY, [BROTLI_PARAM_SIZE_HINT]: size }
  })
}

/** What is begun can't be stopped, so it is little at a time. */
const PIECE_BYTES = 64 * 1024

/** Codes bytes off the main thread, at the highest level. */
export async function encode(bytes: Buffer, coding: Coding, signal?: AbortSignal): Promise<Buffer> {
  const encoder = ENCODERS.get(coding)
  if (!encoder) throw new TypeError(`Unknown coding: ${coding}`)
  const stream = encoder.create(bytes.length)
  const [coded] = await Promise.all([
    buffer(stream),
    pipeline(Readable.from(piecesOf(bytes)), stream, signal ? { signal } : {})
  ])
  return coded
}

function* piecesOf(bytes: Buffer): Generator<Buffer> {
  for (let start = 0; start < bytes.length; start += PIECE_BYTES) {
    yield bytes.subarray(start, start + PIECE_BYTES)
  }
}
