import { EventEmitter } from 'node:events'
import t, { type Test } from 'tap'
import { interceptEmit } from '../src/process-emit.js'

type Emit = typeof process.emit

/** Intercepts, and notes what passes. `end()` ends it. */
function intercept(t: Test, copy = interceptEmit) {
  const seen: unknown[] = []
  const end = copy((event, _args, pass) => {
    seen.push(event)
    return pass()
  })
  t.teardown(end)
  return { seen, end }
}

/** Puts a function around what it reads, as others do, and notes what passes. */
function wrapping(seen: unknown[]): Emit {
  const { emit } = process
  return ((...args: [never]) => {
    seen.push(args[0])
    return Reflect.apply(emit, process, args)
  }) as Emit
}

const set = (emit: Emit): boolean => Reflect.set(process, 'emit', emit)
const emit = (event: string): boolean => Reflect.apply(process.emit, process, [event])
const own = () => Object.getOwnPropertyDescriptor(process, 'emit')

t.beforeEach(t => {
  // The test runner has one of its own.
  const before = own()
  Reflect.deleteProperty(process, 'emit')
  t.teardown(() => before && Object.defineProperty(process, 'emit', before))
})

t.test('it ends with the property that was there', async t => {
  intercept(t).end()
  t.equal(own(), undefined)
  t.equal(process.emit, EventEmitter.prototype.emit)
  set(wrapping([]))
  const before = own()
  intercept(t).end()
  t.strictSame(own(), before)
})

t.test('what is set meanwhile is called inside, and stays', async t => {
  const { seen, end } = intercept(t)
  const seenByOther: unknown[] = []
  const other = wrapping(seenByOther)
  set(other)
  emit('one')
  t.ok(seen.includes('one'))
  t.strictSame(seenByOther, ['one'])
  end()
  t.strictSame(own(), { value: other, writable: true, enumerable: true, configurable: true })
  seen.length = 0
  emit('two')
  t.strictSame(seen, [])
  t.strictSame(seenByOther, ['one', 'two'])
})

t.test('who sets back what it has read before ends its own only', async t => {
  let heard = 0
  const listener = () => heard++
  process.on('one', listener)
  t.teardown(() => process.off('one', listener))
  const { seen, end } = intercept(t)
  const { emit: read } = process
  const seenByOther: unknown[] = []
  set(wrapping(seenByOther))
  set(read)
  emit('one')
  t.strictSame([seen, seenByOther, heard], [['one'], [], 1])
  end()
  t.equal(own(), undefined)
  set(read)
  emit('two')
  t.strictSame(seen, ['one'], 'after the end it lets all pass')
  const again = intercept(t)
  emit('three')
  t.strictSame([seen, again.seen], [['one'], ['three']])
})

t.test('two copies of the package may end in any order', async t => {
  const copy = await t.mockImport<typeof import('../src/process-emit.js')>('../src/process-emit.js')
  for (const order of ['first', 'last']) {
    const [first, last] = [intercept(t), intercept(t, copy.interceptEmit)]
    const copies = order === 'first' ? ([first, last] as const) : ([last, first] as const)
    emit('one')
    t.strictSame(
      copies.map(({ seen }) => seen),
      [['one'], ['one']],
      order
    )
    copies[0].end()
    emit('two')
    t.ok(copies[1].seen.includes('two'), order)
    copies[1].end()
    t.equal(own(), undefined, order)
  }
})
