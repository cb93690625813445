import type { FastifyInstance } from 'fastify'
import type { Background } from '../background.js'
import type { NextServer } from '../next/server.js'
import type { Settings } from '../options.js'
import { pageRules } from './page-rules.js'
import { PrerenderedPages } from './prerendered-pages.js'

/** The kept answers of an app, once it is known that they can be. */
export interface Prerendered {
  /** `undefined`, too, from the first change that may not have been seen. */
  readonly pages: PrerenderedPages | undefined
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
    get pages() {
      if (pages && next.pages?.problem !== undefined) {
        explain(next.pages.problem)
        close()
      }
      return pages
    },
    open() {
      if (dev || prerenderCache === false) return
      const { observers, problem, isFresh } = next.pages ?? {}
      if (observers === undefined || problem !== undefined) {
        explain(problem ?? 'the app is shared with a registration that has prerenderCache: false')
        return
      }
      pages = new PrerenderedPages({
        maxBytes: prerenderCache.maxBytes,
        currentLookups: () => background.currentLookups(),
        rules: pageRules(next),
        isFresh
      })
      observers.add(pages)
    }
  }
}
