import t from 'tap'
import { checkTwins } from './helpers/twins.js'

t.test('two apps of one process, the other one first', async t => {
  await checkTwins(t, ['two', 'one'])
})
