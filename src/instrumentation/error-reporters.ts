import type { FastifyRequest } from 'fastify'
import { SharedSet } from '../shared-set.js'

/** What Next tells of an error. */
export interface ErrorContext {
  readonly routerKind: 'App Router' | 'Pages Router'
  readonly routePath: string
  readonly routeType: 'render' | 'route' | 'action' | 'proxy'
  readonly renderSource?:
    | 'react-server-components'
    | 'react-server-components-payload'
    | 'server-rendering'
    | undefined
  readonly revalidateReason?: 'on-demand' | 'stale' | undefined
}

/** What is known of an error, besides the error itself. */
export interface NextErrorContext extends Omit<ErrorContext, 'routePath'> {
  /** The pattern, as `/blog/[slug]`. */
  readonly route: string
  /** By which the page that a browser shows names the error. */
  readonly digest: string | undefined
}

/** The option `onNextError`. */
export type NextErrorListener = (
  error: unknown,
  request: FastifyRequest,
  context: NextErrorContext
) => unknown

/** Takes the errors that an app's instrumentation is told of. */
export interface ErrorReporter {
  /** They will be reported, so there is no need to log what Next prints of them. */
  expect(): void
  /** Returns whether the error is of one of its requests. */
  report(error: unknown, context: ErrorContext): boolean
}

export const errorReporters = new SharedSet<ErrorReporter>('error-reporters')
