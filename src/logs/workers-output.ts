import { type Readable, Writable } from 'node:stream'
import { StringDecoder } from 'node:string_decoder'
import { type Call, currentCall } from '../background.js'
import { readPrefix } from '../next/message-prefix.js'
import { isCalledByNext } from '../next/own-code.js'
import { plain } from './message.js'
import { type Level, takesNoErrors, write } from './write.js'

/**
 * What the workers of the development server print, which Next pipes to a stream of the process: those
 * that run `generateStaticParams()` and validate the pages of Cache Components.
 */
export class WorkersOutput {
  readonly #stream: Writable
  readonly #level: Level

  constructor(stream: Writable, level: Level) {
    this.#stream = stream
    this.#level = level
  }

  open(): void {
    this.#stream.on('pipe', this.#onPipe)
  }

  close(): void {
    this.#stream.off('pipe', this.#onPipe)
  }

  readonly #onPipe = (source: Readable): void => {
    const call = currentCall()
    if (call === undefined || takesNoErrors(call.log) || !isCalledByNext(this.#onPipe)) return
    source.unpipe(this.#stream)
    // A worker serves more than the request by which it was started.
    source.pipe(this.#logOf(call.ofApp))
  }

  #logOf(call: Call): Writable {
    const log = (output: string): void => {
      const { text, level = this.#level } = readPrefix(plain(output))
      write(call, level, { text })
    }
    const decoder = new StringDecoder()
    let rest = ''
    return new Writable({
      write(chunk, _encoding, done) {
        // A message of several lines comes in one chunk; what has no end yet goes on in the next.
        const output = rest + decoder.write(chunk)
        const end = output.lastIndexOf('\n') + 1
        rest = output.slice(end)
        if (end > 0) log(output.slice(0, end))
        done()
      },
      final(done) {
        if (rest !== '') log(rest)
        done()
      }
    })
  }
}
