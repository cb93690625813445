import { execFileSync } from 'node:child_process'
import type { Test } from 'tap'

const isRoot = process.getuid?.() === 0
/** A user who is not root can't mount anything; root is not kept from writing by a mode. */
export const onlyRoot = isRoot ? false : 'only root can mount a file system'

export function mount(t: Test, ...parameters: string[]): void {
  const target = String(parameters.at(-1))
  execFileSync('mount', parameters)
  t.teardown(() => execFileSync('umount', ['--lazy', target]))
}

/** Until the end of the test nobody can write below a directory. */
export function makeReadOnly(t: Test, dir: string): void {
  if (isRoot) {
    mount(t, '--bind', dir, dir)
    execFileSync('mount', ['-o', 'remount,ro,bind', dir])
    return
  }
  const setModes = (mode: string) => execFileSync('chmod', ['-R', mode, dir])
  setModes('a-w')
  t.teardown(() => setModes('u+w'))
}
