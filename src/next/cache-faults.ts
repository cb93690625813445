import type { FastifyBaseLogger } from 'fastify'
import { faultOf } from './cache-entry.js'

type Method = (...args: unknown[]) => unknown

export interface CacheHandler {
  [name: PropertyKey]: unknown
  get?: Method
  set?: Method
  revalidateTag?: Method
  resetRequestCache?: Method
}

/** How long a page waits for the cache. */
const LIMIT_MS = 2_000
/** For how long a cache that has taken longer is not asked. */
const PAUSE_MS = 5_000
const LOG_INTERVAL_MS = 60_000

const LATE = Symbol('late')

/**
 * Makes the guard of an app's cache handlers, which creates them; of one whose constructor throws
 * there is none. Where one throws, takes too long or returns what is no entry, Next gets what a
 * cache that has nothing would return, and renders.
 */
export function cacheGuard(
  log: FastifyBaseLogger
): (create: () => CacheHandler) => CacheHandler | undefined {
  const report = faultLog(log)
  let pausedUntil = 0

  async function ask(name: string, call: () => unknown): Promise<unknown> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise(resolve => {
      timer = setTimeout(resolve, LIMIT_MS, LATE)
    })
    try {
      const answer = await Promise.race([call(), late])
      pausedUntil = answer === LATE ? performance.now() + PAUSE_MS : 0
      if (answer !== LATE) return answer
      report(`${name}() took more than ${LIMIT_MS} ms`)
    } catch (error) {
      pausedUntil = 0
      report(`${name}() failed`, error)
    } finally {
      clearTimeout(timer)
    }
    return null
  }

  /** What is left out leads to one more rendering, and does no harm. */
  async function askUnlessPaused(name: string, call: () => unknown): Promise<unknown> {
    const now = performance.now()
    if (now < pausedUntil) return null
    // Nobody else waits for what the first call after a pause is to find out.
    if (pausedUntil > 0) pausedUntil = now + LIMIT_MS
    return ask(name, call)
  }

  function guard(handler: CacheHandler): CacheHandler {
    const call = (name: string, args: unknown[]) => () =>
      (handler[name] as Method).apply(handler, args)
    const guarded: CacheHandler = {
      async get(...args) {
        const entry = await askUnlessPaused('get', call('get', args))
        const fault = faultOf(entry, Object(args[1]).kind)
        if (fault === undefined) return entry
        report(`get() returned a malformed entry: ${fault}`)
        return null
      },
      async set(...args) {
        await askUnlessPaused('set', call('set', args))
      },
      async revalidateTag(...args) {
        // Not left out: what has the tag would stay as it is.
        await ask('revalidateTag', call('revalidateTag', args))
      },
      async resetRequestCache() {
        try {
          await handler.resetRequestCache?.()
        } catch (error) {
          report('resetRequestCache() failed', error)
        }
      }
    }
    return new Proxy(guarded, {
      get(own, name) {
        if (Object.hasOwn(own, name)) return own[name]
        const value = handler[name]
        return typeof value === 'function' ? value.bind(handler) : value
      }
    })
  }

  return create => {
    try {
      return guard(create())
    } catch (error) {
      report('its constructor failed', error)
      return undefined
    }
  }
}

/** Logs each kind of fault once a minute at most. */
function faultLog(log: FastifyBaseLogger): (fault: string, err?: unknown) => void {
  const kinds = new Map<string, { loggedAt: number; heldBack: number }>()
  return (fault, err) => {
    const now = performance.now()
    const last = kinds.get(fault)
    if (last && now - last.loggedAt < LOG_INTERVAL_MS) {
      last.heldBack++
      return
    }
    kinds.set(fault, { loggedAt: now, heldBack: 0 })
    const heldBack = last?.heldBack ?? 0
    log.error({ err, heldBack }, `cacheHandler: ${fault}. Next.js goes on without it.`)
  }
}
