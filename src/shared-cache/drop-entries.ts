import type { Redis } from 'ioredis'
import { PREFIX, TAG_PREFIX, TAG_TIMES } from './keys.js'

/**
 * Has all entries go, of all builds, which takes no memory of Redis. When tags were revalidated stays.
 * @throws what Redis does
 */
export async function dropEntries(commands: Redis): Promise<void> {
  const found: AsyncIterable<string[]> = commands.scanStream({ match: `${PREFIX}*`, count: 1_000 })
  for await (const keys of found) {
    const entries = keys.filter(key => key !== TAG_TIMES && !key.startsWith(TAG_PREFIX))
    if (entries.length > 0) await commands.unlink(...entries)
  }
}
