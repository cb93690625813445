import { type Call, currentCall } from '../background.js'
import {
  type ErrorContext,
  errorReporters,
  type NextErrorContext
} from '../instrumentation/error-reporters.js'
import { isInProxy } from '../next/renders.js'
import { outsideOfNext } from '../outside-of-next.js'
import { requestForNext } from '../route-of-next.js'
import { digestOf, isError } from './described-error.js'
import { type Message, routeOf, write } from './write.js'

/** Next reports an error right after it has printed it, but an app may do something else first. */
const REPORTED_WITHIN_MS = 100

/** Next does not report those of a proxy in Node.js, though it means to: build/templates/middleware.js. */
const OF_PROXY: ErrorContext = {
  routerKind: 'Pages Router',
  routePath: '/proxy',
  routeType: 'proxy'
}

/** Where Next goes on after its proxy has failed, and writes to an answer that has left. */
const HEAD_HAS_LEFT = 'ERR_HTTP_HEADERS_SENT'

const errors = new WeakMap<Call, WeakMap<object, RequestError>>()
/** What Next has printed, and is not logged yet. */
const unlogged = new Set<RequestError>()
/** Whose proxy has failed. */
const failedInProxy = new WeakSet<Call>()
let areReported = false
let withdraw = (): void => {}

/** The way on which the app's instrumentation reports errors. */
export const reportedErrors = {
  open(): void {
    withdraw = errorReporters.add({
      expect() {
        areReported = true
      },
      report(error, context) {
        areReported = true
        const call = currentCall()
        if (call !== undefined) errorOf(call, error).report(context)
        return call !== undefined
      }
    })
    process.on('exit', logAll)
  },
  close(): void {
    withdraw()
    process.off('exit', logAll)
    logAll()
  }
}

/** Whether the app's instrumentation reports errors, as far as is known. */
export function errorsAreReported(): boolean {
  return areReported
}

/** Logs an error that Next prints, once, and with what is reported of it if it is. */
export function logPrintedError(call: Call, message: Message): void {
  errorOf(call, message.error).print(message)
}

function errorOf(call: Call, error: unknown): RequestError {
  const ofCall = errors.get(call) ?? new WeakMap()
  errors.set(call, ofCall)
  const known = ofCall.get(Object(error)) ?? new RequestError(call, error)
  ofCall.set(Object(error), known)
  return known
}

function logAll(): void {
  for (const error of unlogged) error.log()
}

/** An error of a call, which Next prints, reports, or both, in either order. */
class RequestError {
  readonly #call: Call
  readonly #error: unknown
  #printed: Message | undefined
  #timer: NodeJS.Timeout | undefined
  #isReported = false
  #isLogged = false

  constructor(call: Call, error: unknown) {
    this.#call = call
    this.#error = error
  }

  print(message: Message): void {
    if (this.#isLogged || this.#printed || this.#isOfFailedProxy) return
    this.#printed = message
    const { reply } = this.#call
    // What it has more to say of than the error itself it does not report.
    if (!areReported || message.text !== '') this.log()
    else if (reply && isInProxy(requestForNext(reply.request))) {
      this.report(OF_PROXY)
      failedInProxy.add(this.#call)
    } else {
      unlogged.add(this)
      this.#timer = setTimeout(() => this.log(), REPORTED_WITHIN_MS).unref()
    }
  }

  report({ routePath, ...context }: ErrorContext): void {
    if (this.#isReported || this.#isOfFailedProxy) return
    this.#isReported = true
    const isOfPages = context.routerKind === 'Pages Router'
    const route = (isOfPages ? undefined : routeOf(this.#call)) ?? routePath
    const whole = { route, ...context, digest: digestOf(this.#error) }
    // What else may be thrown is logged as Next prints it: there is nothing to know it by again.
    if (isError(this.#error)) this.log(whole)
    this.#tell(whole)
  }

  log(context?: NextErrorContext): void {
    clearTimeout(this.#timer)
    unlogged.delete(this)
    if (this.#isLogged) return
    this.#isLogged = true
    write(this.#call, 'error', { text: '', ...this.#printed, error: this.#error, context })
  }

  get #isOfFailedProxy(): boolean {
    return failedInProxy.has(this.#call) && Object(this.#error).code === HEAD_HAS_LEFT
  }

  #tell(context: NextErrorContext): void {
    const { onNextError, reply, log } = this.#call
    if (onNextError === undefined || reply === undefined) return
    const told = outsideOfNext(async () => {
      try {
        await onNextError(this.#error, reply.request, context)
      } catch (error) {
        log.error(error, 'onNextError has failed')
      }
    })
    this.#call.waitUntil(told)
  }
}
