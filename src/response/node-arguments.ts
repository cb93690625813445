import type { OutgoingHttpHeaders } from 'node:http'
import { types } from 'node:util'

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
  // The Edge runtime has classes of its own.
  if (types.isUint8Array(chunk)) {
    return Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
  }
  return undefined
}

/**
 * The encoding in which Node sends a head: that of what follows it at once. It puts a string behind the
 * head, and sends both as one.
 */
export function encodingOfHead(chunk: unknown, encoding: unknown): 'latin1' | 'utf8' {
  const isUtf8 = (encodingOf(encoding) ?? 'utf8').replace('-', '').toLowerCase() === 'utf8'
  return typeof chunk === 'string' && chunk !== '' && isUtf8 ? 'utf8' : 'latin1'
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
