import type { OutgoingHttpHeaders } from 'node:http'

/** The encoding among the arguments of Node's `write()` and `end()`, which may be left out. */
export function encodingOf(argument: unknown): BufferEncoding | undefined {
  return typeof argument === 'string' ? (argument as BufferEncoding) : undefined
}

/** The bytes of a chunk that Node's `write()` takes, `undefined` for one that it refuses. */
export function bytesOf(chunk: unknown, encoding: unknown): Buffer | undefined {
  if (typeof chunk === 'string') {
    return Buffer.from(chunk, encodingOf(encoding))
  }
  if (Buffer.isBuffer(chunk)) return chunk
  if (chunk instanceof Uint8Array) {
    return Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
  }
  return undefined
}

/** The headers that Node's `writeHead()` takes: an object, a list of pairs, or a flat list. */
export function* headersOf(
  headers: Readonly<OutgoingHttpHeaders> | readonly unknown[]
): Generator<[name: string, value: string | readonly string[]]> {
  const flat = Array.isArray(headers) ? headers.flat() : Object.entries(headers).flat(1)
  for (let index = 0; index + 1 < flat.length; index += 2) {
    yield [String(flat[index]), flat[index + 1]]
  }
}
