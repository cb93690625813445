import { mkdir, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import t from 'tap'
import { hideFromWatchMode } from '../src/next/watch-mode.js'

t.test('a directory is hidden under the path of a link and under the real one', async t => {
  const real = join(t.testdir(), 'real')
  const link = join(t.testdirName, 'link')
  await mkdir(real)
  await symlink(real, link, 'dir')
  const reported: unknown[] = []
  const send = (message: unknown) => reported.push(message) > 0
  t.intercept(process, 'send', { value: send, writable: true })
  process.env.WATCH_REPORT_DEPENDENCIES = '1'
  t.teardown(() => Reflect.deleteProperty(process.env, 'WATCH_REPORT_DEPENDENCIES'))

  // What is in it does not exist yet.
  const end = hideFromWatchMode(join(link, '.next'))
  const outside = { 'watch:require': [join(real, 'server.js')] }
  for (const dir of [real, link]) {
    const file = join(dir, '.next', 'page.js')
    process.send?.({ 'watch:require': [file] })
    process.send?.({ 'watch:import': [String(pathToFileURL(file))] })
  }
  process.send?.(outside)
  t.strictSame(reported, [outside])
  end()
  t.equal(process.send, send)
})
