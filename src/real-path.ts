import { realpathSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'

/** The path that Node names files by. In development a directory may not be there yet. */
export function realPath(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    const parent = dirname(path)
    return parent === path ? path : join(realPath(parent), basename(path))
  }
}
