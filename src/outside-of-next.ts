import { outsideOfRenders } from './next/renders.js'
import { runWith } from './running.js'

/** Runs code that is not Next's, though Next has led to it: what it asks and prints is its own. */
export function outsideOfNext<Result>(code: () => Result): Result {
  return outsideOfRenders(() => runWith({ call: undefined }, code))
}
