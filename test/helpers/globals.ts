import type { Test } from 'tap'
import { event } from './event.js'

/** Sets what the pages of the fixtures call, for the time of a test. */
export function setGlobal(t: Test, name: string, value: unknown): void {
  Object.assign(globalThis, { [name]: value })
  t.teardown(() => Reflect.deleteProperty(globalThis, name))
}

/** Makes the pages of the fixtures that call `name` wait there until the gate is opened. */
export function gate(t: Test, name: string) {
  let entries = 0
  const entered = event(`${name}()`)
  let open = (): void => {}
  const opened = new Promise<void>(resolve => {
    open = resolve
  })
  setGlobal(t, name, () => {
    entries++
    entered.happen()
    return opened
  })
  return { entered: entered.happened, entries: () => entries, opened, open: () => open() }
}
