import t from 'tap'
import { GLOBALS } from '../src/next/split-state.js'
import { checkTwins } from './helpers/twins.js'

t.test('two apps of one process, asked in the order of their registration', async t => {
  await checkTwins(t, ['one', 'two'])
})

t.test('what was divided is whole again when the apps are closed', t => {
  for (const name of GLOBALS) {
    const { get } = Object.getOwnPropertyDescriptor(globalThis, name) ?? {}
    t.equal(get, undefined, String(name))
  }
  t.end()
})
