/** A promise for something that happens once, with a bound on how long it may take. */
export function event<Value = void>(what: string, timeout = 10_000) {
  let resolve: (value: Value) => void = () => {}
  const happened = new Promise<Value>((fulfil, reject) => {
    const timer = setTimeout(() => reject(new Error(`${what} did not happen`)), timeout)
    resolve = value => {
      clearTimeout(timer)
      fulfil(value)
    }
  })
  // A test may fail before it waits.
  happened.catch(() => {})
  return { happened, happen: (value: Value) => resolve(value) }
}
