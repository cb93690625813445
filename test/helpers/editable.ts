import { cp, readFile, rm, writeFile } from 'node:fs/promises'
import { join, sep } from 'node:path'
import type { Test } from 'tap'
import { fixturePath } from './fixture.js'

let copies = 0

/** A copy of a fixture, to edit while it is served. */
export interface Editable {
  dir: string
  /** Replaces a text in a file, and rejects when it is not there. */
  edit(file: string, from: string, to: string): Promise<void>
}

/** Copies a fixture, without what Next has made there, until the end of `t`. */
export async function editable(t: Test, name = 'edited'): Promise<Editable> {
  const source = fixturePath(name)
  const dir = fixturePath('.edited', `${name}-${process.pid}-${++copies}`)
  t.teardown(() => rm(dir, { force: true, maxRetries: 5, recursive: true }))
  const filter = (path: string) => !`${path}${sep}`.includes(`${sep}.next${sep}`)
  await cp(source, dir, { filter, recursive: true })
  return {
    dir,
    async edit(file, from, to) {
      const path = join(dir, file)
      const text = await readFile(path, 'utf8')
      if (!text.includes(from)) throw new Error(`${file} does not have ${from}`)
      await writeFile(path, text.replaceAll(from, to))
    }
  }
}
