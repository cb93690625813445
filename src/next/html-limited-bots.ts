import type { NextPackage } from './load.js'

/**
 * Whether a client gets HTML without streamed metadata, for which Next renders a page that has more to
 * stream anew: next/dist/server/lib/streaming-metadata.js. Where this version of Next has it elsewhere,
 * every client may.
 */
export function htmlLimitedBots(
  next: NextPackage,
  expression: string | undefined
): (userAgent: string | undefined) => boolean {
  const all = () => true
  try {
    const { shouldServeStreamingMetadata } = Object(
      next.load('next/dist/server/lib/streaming-metadata')
    )
    if (typeof shouldServeStreamingMetadata !== 'function') return all
    return userAgent => !shouldServeStreamingMetadata(userAgent ?? '', expression)
  } catch {
    return all
  }
}
