import { type ErrorContext, errorReporters } from './error-reporters.js'

/**
 * For the app's `instrumentation.ts`: lets the plugin expect errors from `onRequestError()`, and log
 * each once, with all that Next tells of it.
 * @example
 * export { onRequestError, register } from 'fastify-next/instrumentation'
 */
export async function register(): Promise<void> {
  for (const reporter of errorReporters) reporter.expect()
}

/**
 * For the app's `instrumentation.ts`: has the errors of renders, actions, route handlers and the proxy
 * logged with their request, and given to the option `onNextError`.
 * @example
 * import * as fastify from 'fastify-next/instrumentation'
 *
 * export const register = fastify.register
 * export async function onRequestError(error, request, context) {
 *   await fastify.onRequestError(error, request, context)
 *   await tellOthers(error)
 * }
 */
export async function onRequestError(
  error: unknown,
  _request: unknown,
  context: ErrorContext
): Promise<void> {
  for (const reporter of errorReporters) {
    if (reporter.report(error, context)) return
  }
}
