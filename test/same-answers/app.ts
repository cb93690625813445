import type { Test } from 'tap'
import { count } from '../helpers/lane.js'
import type { Allowance } from './allowed.js'
import { Check } from './check.js'
import { learn } from './known.js'
import { generated, requestsOf } from './requests.js'
import { type App, type Servers, startBoth } from './servers.js'
import type { Headers } from './variants.js'

export interface Plan extends App {
  routes: readonly string[]
  /** Headers that mean something to this app. */
  headers?: readonly Headers[]
  /** A route that sets the cookies of draft or preview mode. */
  preview?: string
  /** What differs on purpose in this app. */
  allowed?: readonly Allowance[]
  /** Requests that only this app has. */
  more?(check: Check, servers: Servers): Promise<void>
}

/** Serves an app with `next start` and with the plugin, and compares what they answer. */
export async function sameAnswers(t: Test, plan: Plan): Promise<void> {
  const { routes, headers, preview, more, allowed } = plan
  const servers = await startBoth(t, plan)
  const first = new Check(servers, allowed)
  const known = await learn(first, routes, preview)
  first.report(t, 'the first requests')

  const every = new Check(servers, allowed)
  await every.all(requestsOf(routes, known, headers))
  every.report(t, 'every route')

  const own = new Check(servers, allowed)
  await more?.(own, servers)
  own.report(t, 'requests of this app')

  // For the five apps 20,000 in the long lane.
  const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31)
  const random = new Check(servers, allowed)
  await random.all(generated(count(300, 4_000), seed, routes, known, headers))
  random.report(t, `generated, SEED=${seed}`)
}
