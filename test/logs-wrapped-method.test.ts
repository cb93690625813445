import t from 'tap'
import { WrappedMethod } from '../src/logs/wrapped-method.js'

type Say = (...words: string[]) => unknown

/** An object with a method that notes its calls, and the method wrapped to mark what it is given. */
function wrapped() {
  const said: unknown[] = []
  const target: { say: Say } = { say: (...words) => said.push(words.join(' ')) }
  const method = new WrappedMethod(target, 'say', ([word], pass) =>
    word === 'pass' ? pass() : said.push(`wrapped ${word}`)
  )
  return { said, target, method, own: () => Object.getOwnPropertyDescriptor(target, 'say') }
}

/** Puts a function around the method for good, as Next and React do with those of the console. */
function cover(target: { say: Say }): Say {
  const { say } = target
  target.say = word => say(`covered ${word}`)
  return target.say
}

t.test('it is wrapped while it is open, and then the property is what it was', async t => {
  const { said, target, method, own } = wrapped()
  const before = own()
  method.open()
  target.say('one')
  target.say('pass', 'two')
  t.match(own(), { writable: true, enumerable: true, configurable: true })
  t.equal(target.say.name, 'say')
  method.close()
  target.say('three')
  t.strictSame(said, ['wrapped one', 'pass two', 'three'])
  t.strictSame(own(), before)
})

t.test('a method of the prototype is one again', async t => {
  const { said, target, method } = wrapped()
  const heir: { say: Say } = Object.create(target)
  const inherited = new WrappedMethod(heir, 'say', () => said.push('wrapped'))
  inherited.open()
  heir.say('one')
  inherited.close()
  heir.say('two')
  t.strictSame(said, ['wrapped', 'two'])
  t.strictSame(Object.keys(heir), [])
  method.close()
})

t.test('what others have put over it stays, and is not wrapped twice', async t => {
  const { said, target, method } = wrapped()
  method.open()
  const covered = cover(target)
  target.say('one')
  method.close()
  t.equal(target.say, covered)
  target.say('two')
  method.open()
  t.equal(target.say, covered)
  target.say('three')
  t.strictSame(said.splice(0), ['wrapped covered one', 'covered two', 'wrapped covered three'])
  method.close()
})

t.test('it is wrapped anew when others have set it meanwhile', async t => {
  const { said, target, method, own } = wrapped()
  method.open()
  cover(target)
  method.close()
  target.say = word => said.push(`other ${word}`)
  const before = own()
  method.open()
  target.say('one')
  method.close()
  target.say('two')
  t.strictSame(said, ['wrapped one', 'other two'])
  t.strictSame(own(), before)
})

t.test('an object that is frozen stays as it is', async t => {
  const { said, target, method, own } = wrapped()
  Object.freeze(target)
  const before = own()
  method.open()
  target.say('one')
  method.close()
  t.strictSame(own(), before)
  t.strictSame(said, ['one'])
})
