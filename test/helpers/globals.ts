import type { Test } from 'tap'

/** Sets what the pages of the fixtures call, for the time of a test. */
export function setGlobal(t: Test, name: string, value: unknown): void {
  Object.assign(globalThis, { [name]: value })
  t.teardown(() => Reflect.deleteProperty(globalThis, name))
}
