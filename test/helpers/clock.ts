import type { Test } from 'tap'

/** Has the clocks of this process stand, for the time of a test, but for what they are moved by. */
export function standingClock(t: Test): { wait(ms: number): void } {
  const { now } = Date
  let time = now()
  Date.now = () => Math.floor(time)
  performance.now = () => time - performance.timeOrigin
  t.teardown(() => {
    Date.now = now
    Reflect.deleteProperty(performance, 'now')
  })
  return {
    wait(ms) {
      time += ms
    }
  }
}
