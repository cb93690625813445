import type { Test } from 'tap'
import { Answer } from '../../src/response/answer.js'

/** Counts the requests for which Next is asked, in all servers of this process. */
export function countAsked(t: Test): () => number {
  const { ask } = Answer.prototype
  let count = 0
  Answer.prototype.ask = function (...args) {
    count++
    return ask.apply(this, args)
  }
  t.teardown(() => {
    Answer.prototype.ask = ask
  })
  return () => count
}
