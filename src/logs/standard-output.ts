import { currentCall } from '../background.js'
import { readPrefix } from '../next/message-prefix.js'
import { isCalledByNext } from '../next/own-code.js'
import { plain } from './message.js'
import type { Wrap } from './wrapped-method.js'
import { takesNoErrors, write } from './write.js'

/**
 * What the development server writes past the console, its lines about requests:
 * next/dist/server/dev/log-requests.js and browser-logs/receive-logs.js.
 */
export const logInstead: Wrap = ([chunk], pass, wrapper) => {
  const call = currentCall()
  if (call === undefined || typeof chunk !== 'string' || !isCalledByNext(wrapper)) return pass()
  if (takesNoErrors(call.log)) return true
  const { text, level = 'info' } = readPrefix(plain(chunk))
  write(call, level, { text })
  return true
}
