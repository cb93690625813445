import { exchange } from '../helpers/wire.js'
import { badInputs } from './bad-inputs.js'
import type { Check } from './check.js'
import { type Answer, answerOf, failed, type Request } from './exchange.js'
import type { Servers } from './servers.js'

/** Sends bytes that no HTTP client would send. */
export async function sendBadInputs(
  check: Check,
  { next, plugin }: Servers,
  basePath?: string
): Promise<void> {
  for (const { bytes, ...request } of badInputs(basePath)) {
    const [ofNext, ofPlugin] = await Promise.all([
      answersTo(next, request, bytes),
      answersTo(plugin, request, bytes)
    ])
    for (let index = 0; index < Math.max(ofNext.length, ofPlugin.length); index++) {
      check.note(request, ofNext[index] ?? NOTHING, ofPlugin[index] ?? NOTHING)
    }
  }
}

const NOTHING = failed(new Error('no answer'))

async function answersTo(port: number, { method }: Request, bytes: string): Promise<Answer[]> {
  let text: string
  try {
    text = await exchange(port, bytes, 4_000)
  } catch (error) {
    return [failed(error as Error)]
  }
  const answers: Answer[] = []
  while (text !== '') {
    const { answer, rest } = parse(text, port, method === 'HEAD')
    answers.push(answer)
    text = rest
  }
  return answers
}

/** Takes the first answer off what a server has sent. */
function parse(text: string, port: number, isHead: boolean): { answer: Answer; rest: string } {
  const [head = ''] = text.split('\r\n\r\n', 1)
  const [statusLine = '', ...lines] = head.split('\r\n')
  const status = statusLine.replace(/^HTTP\/1\.1 /, '')
  const value = (name: string): string | undefined =>
    lines.find(line => line.toLowerCase().startsWith(`${name}: `))?.slice(name.length + 2)
  const rest = text.slice(head.length + 4)
  const length = value('content-length')
  let [body, after] = [rest, '']
  if ((isHead && /^(?:HTTP|$)/.test(rest)) || /^(?:1..|204|304)/.test(status))
    [body, after] = ['', rest]
  else if (value('transfer-encoding') === 'chunked') [body, after] = fromChunks(rest)
  else if (length !== undefined) [body, after] = [rest.slice(0, +length), rest.slice(+length)]
  return {
    answer: answerOf({ status, lines, length, body: Buffer.from(body, 'latin1') }, port),
    rest: after
  }
}

function fromChunks(text: string): [body: string, rest: string] {
  let body = ''
  let rest = text
  for (;;) {
    const size = Number.parseInt(rest, 16)
    const start = rest.indexOf('\r\n') + 2
    // What is cut off has no last chunk.
    if (Number.isNaN(size) || size === 0) return [body, rest.slice(start + 2)]
    body += rest.slice(start, start + size)
    rest = rest.slice(start + size + 2)
  }
}
