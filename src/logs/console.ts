import { inspect } from 'node:util'
import { currentCall } from '../background.js'
import { isSaidByError } from '../next/config.js'
import { readPrefix } from '../next/message-prefix.js'
import { isCalledByNext } from '../next/own-code.js'
import { messageOf } from './message.js'
import { logPrintedError } from './request-errors.js'
import { type Wrap, WrappedMethod } from './wrapped-method.js'
import { type Level, takesNoErrors, write } from './write.js'

/** The methods that print; all others end in one of these. */
const LEVELS: Readonly<Record<string, Level>> = {
  error: 'error',
  warn: 'warn',
  info: 'info',
  log: 'info',
  dir: 'info',
  dirxml: 'info',
  debug: 'debug'
}

/** The console, whose output goes to the log where Next and its pages use it. */
export const consoleMethods = Object.entries(LEVELS).map(
  ([name, level]) => new WrappedMethod(console, name, logInstead(name, level))
)

function logInstead(name: string, level: Level): Wrap {
  return (args, pass, wrapper) => {
    const call = currentCall()
    if (call === undefined) return pass()
    const message = messageOf(name === 'dir' ? [inspected(args)] : args)
    if (takesNoErrors(call.log)) {
      // Nobody else would have what a page says.
      if (!isCalledByNext(wrapper)) return pass()
      if (message.error) logPrintedError(call, message)
      return undefined
    }
    const { text, level: prefixed } = readPrefix(message.text)
    const mayBeOfNext = text !== message.text || message.error !== undefined
    if (!mayBeOfNext || !isCalledByNext(wrapper)) write(call, level, message)
    else if (isSaidByError(text)) return undefined
    else if (level === 'error' && message.error) logPrintedError(call, { ...message, text })
    else write(call, prefixed === 'debug' ? prefixed : level, { ...message, text })
  }
}

/** What `console.dir()` prints. */
function inspected([value, options]: readonly unknown[]): string {
  return inspect(value, { customInspect: false, ...Object(options) })
}
