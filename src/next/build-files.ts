import { closeSync, fstatSync, openSync, readFileSync, readSync, statSync } from 'node:fs'
import { join } from 'node:path'

export type Json = Readonly<Record<string, unknown>>

/** The files of a build by their names below it, and what is wrong with them. */
export class BuildFiles {
  readonly problems: string[] = []
  /** The error behind the first problem that has one. */
  cause: unknown
  readonly #distDir: string
  readonly #expected = new Set<string>()
  readonly #manifests = new Map<string, Json>()

  /** @param distDir absolute */
  constructor(distDir: string) {
    this.#distDir = distDir
  }

  /** In bytes, `undefined` without such a file. */
  size(name: string): number | undefined {
    return statSync(this.#path(name), { throwIfNoEntry: false })?.size
  }

  has(name: string): boolean {
    return this.size(name) !== undefined
  }

  /** A problem, unless there is such a file and something in it. */
  expect(name: string): void {
    if (this.#expected.has(name)) return
    this.#expected.add(name)
    const size = this.size(name)
    if (size === undefined) this.problems.push(`"${name}" is missing`)
    // Styles may be nothing but comments, which the build removes.
    else if (size === 0 && !name.endsWith('.css')) this.problems.push(`"${name}" is empty`)
  }

  /** A manifest; without one, or when it is broken, an object with nothing in it. */
  readJson(name: string): Json {
    const known = this.#manifests.get(name)
    if (known) return known
    const manifest = this.#parse(name)
    this.#manifests.set(name, manifest)
    return manifest
  }

  /** Empty without such a file. */
  readText(name: string): string {
    return this.has(name) ? readFileSync(this.#path(name), 'utf8') : ''
  }

  /** Whether a file ends with these ASCII characters. */
  endsWith(name: string, end: string): boolean {
    const file = openSync(this.#path(name), 'r')
    try {
      const tail = Buffer.alloc(end.length)
      readSync(file, tail, 0, tail.length, Math.max(0, fstatSync(file).size - tail.length))
      return tail.toString('latin1') === end
    } finally {
      closeSync(file)
    }
  }

  #parse(name: string): Json {
    try {
      const text = this.readText(name)
      return text === '' ? {} : objectOf(JSON.parse(text))
    } catch (error) {
      this.cause ??= error
      this.problems.push(`"${name}" is no manifest`)
      return {}
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
