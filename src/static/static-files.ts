import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { NextServer } from '../next/server.js'
import type { Settings } from '../options.js'
import { Tally } from '../tally.js'
import { buildPaths } from './build-paths.js'
import { isCodable } from './coded-files.js'
import { StaticEntry } from './static-entry.js'
import { StaticFile } from './static-file.js'
import { Variants } from './variants.js'

/** What the files of a build and their variants may take of the memory. */
const MAX_BYTES = 64 * 1024 * 1024
/** Above this, what can't be coded is read from the disk each time. */
const MAX_UNCODED_BYTES = 256 * 1024
const MAX_OPEN_FILES = 256
/** Coding would take a processor from the start of Next and from the first pages. */
const CODING_DELAY_MS = 2_000

/**
 * The files of the build, which Next reads from the disk and compresses anew for each request. They
 * are found by their exact paths: none is ever made of a URL.
 */
export class StaticFiles {
  readonly #entries = new Map<string, StaticEntry>()
  readonly #onDisk = new Set<StaticFile>()
  readonly #variants = new Variants(bytes => this.#reserve(bytes))
  readonly tally = new Tally('absent', 'request')
  #bytesLeft = MAX_BYTES

  /** What the files and their variants take. */
  get bytes(): number {
    return MAX_BYTES - this.#bytesLeft
  }

  /**
   * Answers in Next's place. Else Next is to be asked, and the entry, if it is a file, is to be shown
   * what it answers.
   */
  answer(request: FastifyRequest, reply: FastifyReply): 'answered' | StaticEntry | undefined {
    const url = String(request.raw.url)
    const end = url.indexOf('?')
    const entry = this.#entries.get(end === -1 ? url : url.slice(0, end))
    if (entry === undefined) return undefined
    if (entry.answer(request, reply)) {
      this.tally.hits++
      return 'answered'
    }
    this.tally.misses[entry.isKnown ? 'request' : 'absent']++
    return entry
  }

  /** Takes the files as they are now. What can't be read is left to Next. */
  open(next: NextServer): void {
    const files: StaticFile[] = []
    for (const { file: path, urls } of buildPaths(next)) {
      const file = this.#openFile(path)
      if (file === undefined) continue
      files.push(file)
      for (const url of urls) {
        this.#entries.set(url, new StaticEntry(file, this.#variants, next.isFresh))
      }
    }
    this.#variants.add(files, 'gzip', CODING_DELAY_MS)
    this.#variants.add(files, 'br', CODING_DELAY_MS)
  }

  close(): void {
    this.#entries.clear()
    this.#variants.stop()
    for (const file of this.#onDisk) file.close()
    this.#onDisk.clear()
  }

  #openFile(path: string): StaticFile | undefined {
    let file: StaticFile | undefined
    try {
      file = new StaticFile(path)
      const isKept = isCodable(path, file.size) || file.size <= MAX_UNCODED_BYTES
      if (isKept ? this.#reserve(file.size) : this.#onDisk.size < MAX_OPEN_FILES) {
        if (isKept) file.keep()
        else this.#onDisk.add(file)
        return file
      }
    } catch {}
    file?.close()
    return undefined
  }

  #reserve(bytes: number): boolean {
    if (bytes > this.#bytesLeft) return false
    this.#bytesLeft -= bytes
    return true
  }
}

/** Opens the files before the server listens, and lets go of them when it closes. */
export function addStaticFiles(
  fastify: FastifyInstance,
  next: NextServer,
  { dev, staticAssets, noServeAssets }: Settings
): StaticFiles {
  const files = new StaticFiles()
  if (dev || !staticAssets || noServeAssets) return files
  fastify.addHook('onReady', async () => files.open(next))
  fastify.addHook('onClose', async () => files.close())
  return files
}
