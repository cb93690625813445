import { lstatSync, readdirSync, readlinkSync, statSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'

/** Files by their real paths, and the links by which others find them: those of pnpm, workspaces and Turbopack. */
export class FileTree {
  readonly files = new Set<string>()
  /** What each link leads to. */
  readonly links = new Map<string, string>()
  readonly #real = new Map<string, string>()
  readonly #isLeftOut: (path: string) => boolean

  constructor(isLeftOut: (path: string) => boolean) {
    this.#isLeftOut = isLeftOut
  }

  /** Adds a file or a link, and the links on the way there. What is not there any more is left out. */
  add(path: string): void {
    if (this.#isLeftOut(path)) return
    const at = join(this.#follow(dirname(path)), basename(path))
    const stats = lstatSync(at, { throwIfNoEntry: false })
    if (stats?.isFile()) this.files.add(at)
    else if (stats?.isSymbolicLink() && !this.links.has(at)) this.add(this.#addLink(at))
  }

  /** Adds all that is in a directory, and in those that links there lead to. */
  addAll(directory: string, seen = new Set<string>()): void {
    const real = this.#follow(directory)
    if (seen.has(real) || this.#isLeftOut(directory)) return
    seen.add(real)
    for (const { name } of entriesOf(real)) {
      const path = join(real, name)
      if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) this.addAll(path, seen)
      else this.add(path)
    }
  }

  /** Node takes the type of a module from the nearest of these, and a package its exports. */
  addManifests(): void {
    const seen = new Set<string>()
    for (const path of [...this.files]) {
      if (!MODULE.test(path)) continue
      for (let at = dirname(path); !seen.has(at) && basename(at) !== 'node_modules'; ) {
        seen.add(at)
        this.add(join(at, 'package.json'))
        if (this.files.has(join(at, 'package.json'))) break
        at = dirname(at)
      }
    }
  }

  /** The real path of a directory. */
  #follow(directory: string): string {
    const known = this.#real.get(directory)
    if (known !== undefined) return known
    const parent = dirname(directory)
    if (parent === directory) return directory
    const at = join(this.#follow(parent), basename(directory))
    const isLink = lstatSync(at, { throwIfNoEntry: false })?.isSymbolicLink()
    const real = isLink ? this.#follow(this.#addLink(at)) : at
    this.#real.set(directory, real)
    return real
  }

  #addLink(at: string): string {
    const target = resolve(dirname(at), readlinkSync(at))
    this.links.set(at, target)
    return target
  }
}

const MODULE = /\.[cm]?js$/

function entriesOf(directory: string) {
  try {
    return readdirSync(directory, { withFileTypes: true })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}
