import { Agent, type IncomingMessage, request } from 'node:http'
import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib'

export interface Request {
  method: string
  path: string
  headers?: Readonly<Record<string, string | readonly string[]>>
  body?: string
}

export interface Answer {
  /** Why there is no answer, or none that is complete. */
  error?: string
  /** `200 OK` */
  status: string
  /** Lines of the head, names in lower case, without those of the connection. */
  headers: string[]
  length: string | undefined
  /** The bytes of the body on the wire. */
  bytes: number
  /** Decoded, as Latin-1. */
  body: string
}

/** They speak of the connection or of the framing, or of the time. */
const IGNORED = new Set(['connection', 'content-length', 'date', 'keep-alive', 'transfer-encoding'])
export const HOST = 'app.example'
const agent = new Agent({ keepAlive: true })

/** Sends a request exactly as it is written, and reads all of the answer. */
export function send(port: number, { method, path, headers = {}, body }: Request): Promise<Answer> {
  const lines = Object.entries({ Host: HOST, ...headers }).flatMap(([name, values]) =>
    [values].flat().flatMap(value => [name, value.replaceAll('PORT', String(port))])
  )
  if (body !== undefined) lines.push('Content-Length', String(Buffer.byteLength(body)))
  return new Promise(resolve => {
    const outgoing = request({
      agent,
      host: 'localhost',
      method,
      path,
      port,
      setHost: false,
      timeout: 15_000
    })
    for (let index = 0; index < lines.length; index += 2) {
      outgoing.appendHeader(String(lines[index]), String(lines[index + 1]))
    }
    outgoing.on('timeout', () => outgoing.destroy(new Error('timeout')))
    outgoing.on('error', error => resolve(failed(error)))
    outgoing.on('response', response => read(response, port).then(resolve))
    outgoing.end(body)
  })
}

/** No answer. */
export function failed(error: NodeJS.ErrnoException): Answer {
  const reason = error.code ?? error.message
  return { error: reason, status: '', headers: [], length: undefined, bytes: 0, body: '' }
}

/** Reads an answer to its end, or to where it is cut. */
export async function read(response: IncomingMessage, port: number): Promise<Answer> {
  const chunks: Buffer[] = []
  let error: string | undefined
  try {
    for await (const chunk of response) chunks.push(chunk)
  } catch (cause) {
    error = String((cause as NodeJS.ErrnoException).code)
  }
  const { rawHeaders } = response
  const lines = rawHeaders.flatMap((name, index) =>
    index % 2 === 0 ? [`${name}: ${rawHeaders[index + 1]}`] : []
  )
  const status = `${response.statusCode} ${response.statusMessage}`
  const length = response.headers['content-length']
  return answerOf({ status, lines, length, body: Buffer.concat(chunks), error }, port)
}

interface Read {
  status: string
  /** Of the head, as they were sent. */
  lines: readonly string[]
  length: string | undefined
  /** Out of its chunks, and not yet decoded. */
  body: Buffer
  error?: string | undefined
}

/** What is compared of an answer. */
export function answerOf({ status, lines, length, body, error }: Read, port: number): Answer {
  const headers = lines.map(line => line.replace(/^[^:]+/, name => name.toLowerCase()))
  const encoding = headers.find(line => line.startsWith('content-encoding: '))?.slice(18)
  return {
    ...(error !== undefined && { error }),
    status,
    headers: headers
      .filter(line => !IGNORED.has(line.split(':', 1)[0] ?? ''))
      .map(line => withoutPort(line, port))
      .sort(),
    length,
    bytes: body.length,
    body: withoutPort(decoded(body, encoding), port)
  }
}

const DECODERS: Record<string, (bytes: Buffer) => Buffer> = {
  br: brotliDecompressSync,
  deflate: inflateSync,
  gzip: gunzipSync
}

function decoded(bytes: Buffer, encoding = ''): string {
  const decode = DECODERS[encoding]
  if (!decode || bytes.length === 0) return bytes.toString('latin1')
  try {
    return decode(bytes).toString('latin1')
  } catch {
    return `not ${encoding}: ${bytes.toString('latin1')}`
  }
}

/** The two servers have nothing else that tells them apart. */
function withoutPort(text: string, port: number): string {
  return text.replaceAll(String(port), '0'.repeat(String(port).length))
}
