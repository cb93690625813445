import { isCodable, readCoding } from './coded-files.js'
import { type Coding, encode } from './codings.js'
import type { StaticFile } from './static-file.js'

interface Task {
  file: StaticFile
  coding: Coding
}

/** Codes the files of a build in the background, one after the other, what is asked for first. */
export class Variants {
  #tasks: Task[] = []
  readonly #known = new Map<StaticFile, Set<Coding>>()
  readonly #stopped = new AbortController()
  readonly #reserve: (bytes: number) => boolean
  #timer: NodeJS.Timeout | undefined
  #isRunning = false

  /** @param reserve whether there is room for so many bytes */
  constructor(reserve: (bytes: number) => boolean) {
    this.#reserve = reserve
  }

  /** Codes files after `delay` ms, or as soon as one is wanted. */
  add(files: readonly StaticFile[], coding: Coding, delay: number): void {
    this.#tasks.push(...files.flatMap(file => this.#taskOf(file, coding)))
    this.#timer ??= setTimeout(() => void this.#run(), delay).unref()
  }

  /** Codes a file next. */
  want(file: StaticFile, coding: Coding): void {
    if (file.variant(coding) !== undefined) return
    if (this.#known.get(file)?.has(coding)) {
      const index = this.#tasks.findIndex(task => task.file === file && task.coding === coding)
      if (index > 0) this.#tasks.unshift(...this.#tasks.splice(index, 1))
    } else {
      this.#tasks.unshift(...this.#taskOf(file, coding))
    }
    void this.#run()
  }

  /** Makes no more. */
  stop(): void {
    clearTimeout(this.#timer)
    this.#tasks = []
    this.#stopped.abort()
  }

  /** One or none: each is made once at most. */
  #taskOf(file: StaticFile, coding: Coding): Task[] {
    const known = this.#known.get(file) ?? new Set()
    this.#known.set(file, known)
    if (known.has(coding) || !isCodable(file.path, file.size)) return []
    known.add(coding)
    return [{ file, coding }]
  }

  async #run(): Promise<void> {
    if (this.#isRunning) return
    this.#isRunning = true
    const { signal } = this.#stopped
    for (let task = this.#tasks.shift(); task && !signal.aborted; task = this.#tasks.shift()) {
      await make(task, signal, this.#reserve).catch(() => {})
    }
    this.#isRunning = false
  }
}

async function make(
  { file, coding }: Task,
  signal: AbortSignal,
  reserve: (bytes: number) => boolean
): Promise<void> {
  if (file.bytes === undefined) return
  const made = await readCoding(file.path, coding, Date.parse(file.lastModified))
  const bytes = made ?? (await encode(file.bytes, coding, signal))
  if (!signal.aborted && bytes.length < file.size && reserve(bytes.length)) {
    file.addVariant(coding, bytes)
  }
}
