import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** They tell builds apart: two of them, of two apps say, may have been given one id. */
const FILES = ['BUILD_ID', 'build-manifest.json', 'prerender-manifest.json']

/** What a build's entries are kept under in a cache that others use, too. */
export function buildKey(distDir: string): string {
  const hash = createHash('sha256')
  for (const name of FILES) hash.update(readFileSync(join(distDir, name))).update('\0')
  return hash.digest('base64url').slice(0, 22)
}
