import { parse } from 'node:path'
import { FST_NEXT_NFT_NOT_INSTALLED } from '../errors.js'

interface TraceOptions {
  isLeftOut: (path: string) => boolean
  cwd: string
}

interface Traced {
  /** Absolute paths. */
  files: ReadonlySet<string>
  /** What modules that are in no package load, and what can't be found: a message for each. */
  missing: string[]
}

/**
 * All that modules load, by what is written in them.
 * @throws FST_NEXT_NFT_NOT_INSTALLED
 */
export async function trace(
  entries: readonly string[],
  { isLeftOut, cwd }: TraceOptions
): Promise<Traced> {
  const { nodeFileTrace } = await loadNft()
  // What is linked may be anywhere, so the base is the whole disk.
  const base = parse(cwd).root
  const cache = {}
  const files = new Set(entries)
  const missing = new Set<string>()
  for (let next = [...entries]; next.length > 0; ) {
    const { fileList, reasons, warnings } = await nodeFileTrace(next, {
      base,
      processCwd: cwd,
      // As next/dist/build/collect-build-traces.js has it.
      mixedModules: true,
      moduleSyncCatchall: true,
      cache,
      ignore: path => isLeftOut(base + path)
    })
    for (const { message } of warnings) {
      const [, id, from = ''] = UNRESOLVED.exec(message) ?? []
      if (id && !id.includes(WILDCARD) && !IN_PACKAGE.test(from))
        missing.add(`"${id}" of "${from}" can not be found.`)
    }
    next = []
    for (const path of fileList) {
      if (files.has(base + path)) continue
      files.add(base + path)
      const { type = [] } = reasons.get(path) ?? {}
      // What @fastify/autoload loads by its directory, say: to @vercel/nft these are mere files.
      const isHidden = type.every(reason => reason === 'asset')
      if (isHidden && MODULE.test(path) && !IN_PACKAGE.test(path)) next.push(base + path)
    }
  }
  return { files, missing: [...missing] }
}

/** What @vercel/nft has in the place of a name that only the running server knows. */
const WILDCARD = '\x1a'
const IN_PACKAGE = /[\\/]node_modules[\\/]/
const MODULE = /\.[cm]?js$/
const UNRESOLVED = /^Failed to resolve dependency "?([^"\n]+?)"?:\n[\s\S]* loaded from (.+)$/

async function loadNft() {
  try {
    return await import('@vercel/nft')
  } catch (cause) {
    throw new FST_NEXT_NFT_NOT_INSTALLED({ cause })
  }
}
