import type { Test } from 'tap'
import { ObservedCacheHandler } from '../../src/next/page-cache.js'
import { event } from './event.js'

/** Has the next look into Next's cache wait until the gate is opened, as on a slow disk. */
export function gateLookup(t: Test) {
  const { get } = ObservedCacheHandler.prototype
  const restore = (): void => {
    ObservedCacheHandler.prototype.get = get
  }
  const entered = event("a look into Next's cache")
  let open = (): void => {}
  const opened = new Promise<void>(resolve => {
    open = resolve
  })
  ObservedCacheHandler.prototype.get = async function (...args) {
    restore()
    entered.happen()
    await opened
    return get.apply(this, args)
  }
  t.teardown(() => {
    restore()
    open()
  })
  return { entered: entered.happened, open: () => open() }
}
