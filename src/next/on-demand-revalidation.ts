import { relative } from 'node:path'

interface RouterServer {
  revalidate?: (...args: unknown[]) => Promise<unknown>
}

const SERVERS = Symbol.for('@next/router-server-methods')
const registry = globalThis as { [SERVERS]?: Record<string, RouterServer | undefined> }

/**
 * Tells of each `res.revalidate()` of a Pages Router API route, when it begins and when it ends. The
 * request that Next makes for it may find another config than ours, with another cache handler, if the
 * process has been started elsewhere than the build: next/dist/server/route-modules/route-module.js.
 *
 * After the app is prepared. `undefined` where this version of Next has it elsewhere.
 */
export function watchOnDemandRevalidation(
  dir: string,
  onRevalidation: () => void
): (() => void) | undefined {
  // As next/dist/server/lib/router-server.js has it.
  const server = registry[SERVERS]?.[relative(process.cwd(), dir)]
  const { revalidate } = server ?? {}
  if (server === undefined || typeof revalidate !== 'function') return undefined
  async function revalidateAndTell(...args: unknown[]): Promise<unknown> {
    onRevalidation()
    try {
      return await revalidate?.(...args)
    } finally {
      onRevalidation()
    }
  }
  server.revalidate = revalidateAndTell
  return () => {
    if (server.revalidate === revalidateAndTell) server.revalidate = revalidate
  }
}
