import t from 'tap'
import { GLOBALS } from '../src/next/split-state.js'
import { checkTwins } from './helpers/twins.js'

t.test('two apps of one process, asked in the order of their registration', async t => {
  await checkTwins(t, ['one', 'two'])
})

// Work of an app that is closed may go on.
t.test('what was divided stays so when the apps are closed', t => {
  for (const name of GLOBALS) {
    const { get } = Object.getOwnPropertyDescriptor(globalThis, name) ?? {}
    t.type(get, 'function', String(name))
  }
  t.end()
})
