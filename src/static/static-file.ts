import { closeSync, createReadStream, fstatSync, openSync, read, readSync } from 'node:fs'
import type { Coding } from './codings.js'

/** One file of the build, as it was when the server started. */
export class StaticFile {
  readonly path: string
  readonly size: number
  readonly lastModified: string
  /** What `send`, which Next serves files with, makes of the size and the time. */
  readonly entityTag: string
  readonly #variants = new Map<Coding, Buffer>()
  #fd: number | undefined
  #bytes: Buffer | undefined
  #readers = 0
  #isClosed = false

  /** @throws what the file system does */
  constructor(path: string) {
    this.path = path
    this.#fd = openSync(path, 'r')
    const { size, mtime } = fstatSync(this.#fd)
    this.size = size
    this.lastModified = mtime.toUTCString()
    this.entityTag = `W/"${size.toString(16)}-${mtime.getTime().toString(16)}"`
  }

  /** Its bytes, once they are kept. */
  get bytes(): Buffer | undefined {
    return this.#bytes
  }

  /** Takes the bytes into memory, and lets go of the file. */
  keep(): void {
    if (this.#fd === undefined) return
    const bytes = Buffer.allocUnsafeSlow(this.size)
    let read = 0
    while (read < this.size) {
      const count = readSync(this.#fd, bytes, read, this.size - read, read)
      if (count === 0) throw new TypeError(`"${this.path}" has become shorter`)
      read += count
    }
    this.close()
    this.#bytes = bytes
  }

  addVariant(coding: Coding, bytes: Buffer): void {
    this.#variants.set(coding, bytes)
  }

  variant(coding: Coding | 'identity'): Buffer | undefined {
    return coding === 'identity' ? this.#bytes : this.#variants.get(coding)
  }

  /** From `start` to `end`, both included. */
  read(start: number, end: number): Buffer | NodeJS.ReadableStream {
    if (this.#bytes) return this.#bytes.subarray(start, end + 1)
    const options = { fd: Number(this.#fd), fs: { read, close: keepOpen }, start, end }
    this.#readers++
    return createReadStream(this.path, options).once('close', () => {
      this.#readers--
      if (this.#isClosed) this.#closeUnread()
    })
  }

  /** Lets go of the file, when nobody reads it any more. */
  close(): void {
    this.#isClosed = true
    this.#closeUnread()
  }

  #closeUnread(): void {
    if (this.#fd === undefined || this.#readers > 0) return
    closeSync(this.#fd)
    this.#fd = undefined
  }
}

/** Streams close what they read when they are destroyed, with `autoClose: false` too. */
function keepOpen(_fd: number, done: (error: null) => void): void {
  done(null)
}
