import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * A manifest of a build, by its name below `distDir`. They are read at the start, where waiting for the
 * disk in turns takes longer than reading.
 * @throws what the file system and `JSON.parse()` do
 */
export function readManifest<Content>(distDir: string, name: string): Content {
  return JSON.parse(readFileSync(join(distDir, name), 'utf8')) as Content
}
