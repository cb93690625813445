import type { FastifyInstance } from 'fastify'
import type { Background } from '../background.js'
import type { NextServer } from '../next/server.js'
import type { Settings } from '../options.js'
import { Tally } from '../tally.js'
import { pageRules } from './page-rules.js'
import { type PagesTally, PrerenderedPages } from './prerendered-pages.js'

/** The kept answers of an app, once it is known that they can be. */
export interface Prerendered {
  readonly tally: PagesTally
  /** What they take, at the most. */
  readonly bytes: number
  answer: PrerenderedPages['answer']
  /** After Next is prepared. */
  open(): void
}

/** Keeps the answers for prerendered pages, unless nothing would tell when they change. */
export function keepPrerenderedPages(
  fastify: FastifyInstance,
  next: NextServer,
  background: Background,
  { dev, prerenderCache }: Settings
): Prerendered {
  const tally: PagesTally = new Tally('off', 'request', 'absent', 'expired', 'stale', 'conditional')
  let pages: PrerenderedPages | undefined
  const explain = (reason: string): void => {
    fastify.log.info(`Prerendered pages are not answered from memory: ${reason}.`)
  }
  const close = (): void => {
    if (pages) next.pages?.observers.delete(pages)
    pages = undefined
  }
  fastify.addHook('onClose', async () => close())
  return {
    tally,
    get bytes() {
      return pages?.bytes ?? 0
    },
    answer(request, reply) {
      // From the first change that may not have been seen.
      if (pages && next.pages?.problem !== undefined) {
        explain(next.pages.problem)
        close()
      }
      if (pages) return pages.answer(request, reply)
      tally.misses.off++
      return undefined
    },
    open() {
      if (dev || prerenderCache === false) return
      const { observers, problem, isFresh } = next.pages ?? {}
      if (observers === undefined || problem !== undefined) {
        explain(problem ?? 'the app is shared with a registration that has prerenderCache: false')
        return
      }
      pages = new PrerenderedPages({
        tally,
        maxBytes: prerenderCache.maxBytes,
        currentLookups: () => background.currentLookups(),
        rules: pageRules(next),
        isIsolated: next.isIsolated,
        isFresh
      })
      observers.add(pages)
    }
  }
}
