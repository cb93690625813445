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
    const isSilent = takesNoErrors(call.log)
    const message = messageOf(name === 'dir' ? [inspected(args)] : args)
    const { text, level: prefixed } = readPrefix(message.text)
    const mayBeOfNext = isSilent || text !== message.text || message.error !== undefined
    if (!mayBeOfNext || !isCalledByNext(wrapper)) {
      // Where nothing is logged nobody else would have what a page says.
      if (isSilent) return pass()
      write(call, level, message)
    } else if (!isSaidByError(text)) {
      const ofNext = { ...message, text }
      if (level === 'error' && message.error) logPrintedError(call, ofNext)
      else write(call, prefixed === 'debug' ? prefixed : level, ofNext)
    }
  }
}

/** What `console.dir()` prints. */
function inspected([value, options]: readonly unknown[]): string {
  return inspect(value, { customInspect: false, ...Object(options) })
}
