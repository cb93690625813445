import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * A manifest of a build, by its name below `distDir`.
 * @throws what the file system and `JSON.parse()` do
 */
export async function readManifest<Content>(distDir: string, name: string): Promise<Content> {
  return JSON.parse(await readFile(join(distDir, name), 'utf8')) as Content
}
