import { closeSync, fstatSync, openSync, readFileSync, readSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'

export type Json = Readonly<Record<string, unknown>>

/** Of errors that say that there is no such file. */
const ABSENT = new Set<unknown>(['ENOENT', 'ENOTDIR'])
/** A check of so many takes some milliseconds. */
const TURN = 100

/** Lets the process do other work in between: a large app has thousands of modules and pages. */
export async function* inTurns<T>(all: readonly T[]): AsyncGenerator<T> {
  for (const [index, one] of all.entries()) {
    if (index % TURN === TURN - 1) await setImmediate()
    yield one
  }
}

/** The files of a build by their names below it, and what is wrong with them. */
export class BuildFiles {
  /** The error behind the first problem that has one. */
  cause: unknown
  readonly #distDir: string
  readonly #problems = new Map<string, string>()
  readonly #expected = new Set<string>()
  readonly #manifests = new Map<string, Json>()

  /** @param distDir absolute */
  constructor(distDir: string) {
    this.#distDir = distDir
  }

  /** One of each file. */
  get problems(): string[] {
    return [...this.#problems].map(([name, problem]) => `"${name}" ${problem}`)
  }

  report(name: string, problem: string, cause?: unknown): void {
    if (this.#problems.has(name)) return
    this.#problems.set(name, problem)
    this.cause ??= cause
  }

  /** In bytes, `undefined` without such a file. */
  size(name: string): number | undefined {
    return this.#read(name, path => {
      const stats = statSync(path)
      if (!stats.isFile()) throw new TypeError(`Not a file: "${path}"`)
      return stats.size
    })
  }

  has(name: string): boolean {
    return this.size(name) !== undefined
  }

  /** A problem, unless there is such a file and something in it. */
  expect(name: string): void {
    if (this.#expected.has(name)) return
    this.#expected.add(name)
    const size = this.size(name)
    if (size === undefined) this.report(name, 'is missing')
    // Styles may be nothing but comments, which the build removes.
    else if (size === 0 && !name.endsWith('.css')) this.report(name, 'is empty')
  }

  /** A problem, unless there is such a directory. */
  expectDirectory(name: string): void {
    const isDirectory = this.#read(name, path => statSync(path).isDirectory())
    if (!isDirectory) this.report(name, 'is no directory')
  }

  /** What {@link readJson} reads, which is kept: several checks ask for it. */
  readManifest(name: string): Json {
    const known = this.#manifests.get(name)
    if (known) return known
    const manifest = this.readJson(name)
    this.#manifests.set(name, manifest)
    return manifest
  }

  /** Without such a file, or when it is broken, an object with nothing in it. */
  readJson(name: string): Json {
    const text = this.readText(name)
    if (!text) return {}
    try {
      return objectOf(JSON.parse(text))
    } catch (error) {
      this.report(name, 'is no manifest', error)
      return {}
    }
  }

  /** `undefined` without such a file. */
  readText(name: string): string | undefined {
    return this.#read(name, path => readFileSync(path, 'utf8'))
  }

  /** Whether a file ends with these ASCII characters, `undefined` without such a file. */
  endsWith(name: string, end: string): boolean | undefined {
    return this.#read(name, path => {
      const file = openSync(path, 'r')
      try {
        const tail = Buffer.alloc(end.length)
        readSync(file, tail, 0, tail.length, Math.max(0, fstatSync(file).size - tail.length))
        return tail.toString('latin1') === end
      } finally {
        closeSync(file)
      }
    })
  }

  /** What can't be read is a problem. What is gone is none by itself. */
  #read<T>(name: string, read: (path: string) => T): T | undefined {
    try {
      return read(this.#path(name))
    } catch (error) {
      if (!ABSENT.has((error as NodeJS.ErrnoException).code)) {
        this.report(name, 'can not be read', error)
      }
      return undefined
    }
  }

  #path(name: string): string {
    return join(this.#distDir, name)
  }
}

function objectOf(value: unknown): Json {
  if (typeof value !== 'object' || value === null) throw new TypeError('Not an object')
  return value as Json
}
