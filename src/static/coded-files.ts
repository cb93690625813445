import { statSync } from 'node:fs'
import { readFile, rename, writeFile } from 'node:fs/promises'
import { type Coding, ENCODERS, encode } from './codings.js'

/** What Next's `compression` codes, by the extensions that builds have. */
const CODED = /\.(?:[cm]?js|css|json|map|svg|txt|html|xml|wasm|ttf|otf|eot|ico|bmp)$/i
/** Below this it codes nothing. */
const SMALLEST_BYTES = 1024

/** Whether it is worth it to code a file. */
export function isCodable(path: string, size: number): boolean {
  return CODED.test(path) && size >= SMALLEST_BYTES
}

/** Puts a file's codings beside it, where they are smaller. Resolves to their number. */
export async function writeCodings(path: string): Promise<number> {
  const original = await readFile(path)
  if (!isCodable(path, original.length)) return 0
  const codings = [...ENCODERS.keys()].map(async coding => {
    const bytes = await encode(original, coding)
    if (bytes.length >= original.length) return 0
    // A server that is being started reads it whole, or not at all.
    const coded = codedPath(path, coding)
    const unfinished = `${coded}.${process.pid}`
    await writeFile(unfinished, bytes)
    await rename(unfinished, coded)
    return 1
  })
  return (await Promise.all(codings)).reduce<number>((sum, count) => sum + count, 0)
}

/** What a step of the build has put beside a file, unless it is of an earlier build. */
export async function readCoding(
  path: string,
  coding: Coding,
  modified: number
): Promise<Buffer | undefined> {
  const coded = codedPath(path, coding)
  const stats = statSync(coded, { throwIfNoEntry: false })
  return stats?.isFile() && stats.mtimeMs >= modified ? readFile(coded) : undefined
}

function codedPath(path: string, coding: Coding): string {
  return path + ENCODERS.get(coding)?.extension
}
