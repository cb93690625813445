import { availableParallelism } from 'node:os'
import { join, resolve } from 'node:path'
import { FST_NEXT_BUILD_NOT_FOUND } from './errors.js'
import { distDirOf } from './next/dist-dir.js'
import { namesBelow } from './static/build-paths.js'
import { writeCodings } from './static/coded-files.js'

/**
 * Puts brotli, gzip and (from Node.js 22.15 on) zstd beside each file of a build that browsers load, so
 * that no server has to make them. Resolves to the number of files that were written.
 * @throws FST_NEXT_BUILD_NOT_FOUND
 */
export async function compressBuild(dir: string): Promise<number> {
  const path = resolve(dir)
  const distDir = await distDirOf(path)
  const root = join(distDir, 'static')
  const names = [...namesBelow(root)]
  if (names.length === 0) throw new FST_NEXT_BUILD_NOT_FOUND(distDir, path)
  let written = 0
  const work = async (): Promise<void> => {
    for (let name = names.pop(); name !== undefined; name = names.pop()) {
      const count = await writeCodings(join(root, name))
      written += count
    }
  }
  await Promise.all(Array.from({ length: availableParallelism() }, work))
  return written
}
