import type { IncomingHttpHeaders } from 'node:http'
import type { NextPackage } from './load.js'

/** Whether what a client has is still what it would be sent, by the headers of its request. */
export type IsFresh = (
  request: IncomingHttpHeaders,
  answer: { etag?: string; 'last-modified'?: string }
) => boolean

/** What Next decides with; `undefined` where this version of Next has it elsewhere. */
export function freshnessOf(next: NextPackage): IsFresh | undefined {
  try {
    const fresh = next.load('next/dist/compiled/fresh')
    return typeof fresh === 'function' ? (fresh as IsFresh) : undefined
  } catch {
    return undefined
  }
}
