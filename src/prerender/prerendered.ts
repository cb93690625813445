import type { FastifyInstance } from 'fastify'
import type { Background } from '../background.js'
import type { NextServer } from '../next/server.js'
import type { Settings } from '../options.js'
import { pageRules } from './page-rules.js'
import { PrerenderedPages } from './prerendered-pages.js'

/** The kept answers of an app, once it is known that they can be. */
export interface Prerendered {
  readonly pages: PrerenderedPages | undefined
  /** After Next is prepared. */
  open(): Promise<void>
}

/** Keeps the answers for prerendered pages, unless nothing would tell when they change. */
export function keepPrerenderedPages(
  fastify: FastifyInstance,
  next: NextServer,
  background: Background,
  { dev, prerenderCache }: Settings
): Prerendered {
  let pages: PrerenderedPages | undefined
  const close = (): void => {
    if (pages) next.pages?.observers.delete(pages)
    pages = undefined
  }
  const explain = (reason: string): void => {
    fastify.log.info(`Prerendered pages are not answered from memory: ${reason}.`)
  }
  fastify.addHook('onClose', async () => close())
  return {
    get pages() {
      return pages
    },
    async open() {
      if (dev || prerenderCache === false) return
      const { observers, problem } = next.pages ?? {}
      if (observers === undefined || problem !== undefined) {
        explain(problem ?? 'the app is shared with a registration that has prerenderCache: false')
        return
      }
      pages = new PrerenderedPages({
        maxBytes: prerenderCache.maxBytes,
        currentLookups: () => background.currentLookups(),
        rules: await pageRules(next),
        isFresh: next.pages?.isFresh,
        onUnseen: () =>
          explain('Next.js does not use its config; start it in the directory of "next build"')
      })
      observers.add(pages)
    }
  }
}
