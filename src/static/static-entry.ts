import type { IncomingHttpHeaders } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { IsFresh } from '../next/freshness.js'
import type { Witness } from '../response/answer.js'
import type { Headers } from '../response/headers.js'
import { sendStored } from '../response/stored-answer.js'
import { preferenceOf } from './accept-encoding.js'
import type { Coding } from './codings.js'
import type { StaticFile } from './static-file.js'
import type { Variants } from './variants.js'

type Selected = Coding | 'identity'

/** Headers of requests that are left to Next: conditions that are seldom set, and bodies. */
const RARE = [
  'if-match',
  'if-range',
  'if-unmodified-since',
  'content-length',
  'transfer-encoding'
] as const

/** A path of a file of the build, and what Next has answered there. */
export class StaticEntry implements Witness {
  readonly #file: StaticFile
  readonly #variants: Variants
  readonly #isFresh: IsFresh | undefined
  /** Of the answer without a coding. */
  #headers: Headers | undefined
  #isCoded = false
  readonly #heads = new Map<Selected, Headers>()

  constructor(file: StaticFile, variants: Variants, isFresh: IsFresh | undefined) {
    this.#file = file
    this.#variants = variants
    this.#isFresh = isFresh
  }

  /** Whether Next has been asked for it. */
  get isKnown(): boolean {
    return this.#headers !== undefined
  }

  /** Learns from an answer of Next's to a plain GET what the file is sent with. */
  head(status: number, answered: Headers): undefined {
    const { entityTag, lastModified, size } = this.#file
    const { 'content-encoding': coding, 'content-length': length, ...headers } = answered
    // The file may have been replaced since the start, and a cookie is one client's.
    const isOfFile =
      status === 200 &&
      headers['last-modified'] === lastModified &&
      (headers.etag ?? entityTag) === entityTag &&
      (coding !== undefined || Number(length) === size) &&
      headers['content-type'] !== undefined &&
      headers['set-cookie'] === undefined
    if (!isOfFile) return
    this.#headers = headers
    this.#heads.clear()
    this.#isCoded = /(?:^|,)\s*accept-encoding\s*(?:,|$)/i.test(String(headers.vary ?? ''))
  }

  /** Answers in Next's place, and returns whether it did. */
  answer({ raw }: FastifyRequest, reply: FastifyReply): boolean {
    const { method, headers } = raw
    if (this.#headers === undefined || (method !== 'GET' && method !== 'HEAD')) return false
    if (RARE.some(name => headers[name] !== undefined)) return false
    // Next codes no answer to HEAD.
    const selected = method === 'HEAD' ? 'identity' : this.#select(headers)
    if (selected === undefined) return false
    if (headers['if-none-match'] !== undefined || headers['if-modified-since'] !== undefined) {
      if (this.#isFresh === undefined) return false
      const tag = this.#freshTag(headers, selected)
      if (tag !== undefined) {
        sendStored(reply, 304, this.#headersOf304(tag))
        return true
      }
    }
    if (headers.range !== undefined) {
      return method === 'GET' && selected === 'identity' && this.#sendRange(headers.range, reply)
    }
    this.#send(selected, reply)
    return true
  }

  #select({ 'accept-encoding': acceptEncoding }: IncomingHttpHeaders): Selected | undefined {
    if (!this.#isCoded) return 'identity'
    const preference = preferenceOf(acceptEncoding as string | undefined)
    const [best] = preference ?? []
    if (best !== undefined && best !== 'identity') this.#variants.want(this.#file, best)
    return preference?.find(coding => this.#file.variant(coding) !== undefined)
  }

  #send(selected: Selected, reply: FastifyReply): void {
    const headers = this.#heads.get(selected) ?? this.#headOf(selected)
    this.#heads.set(selected, headers)
    if (reply.request.method === 'HEAD') sendStored(reply, 200, headers)
    else {
      const { size } = this.#file
      sendStored(reply, 200, headers, this.#file.variant(selected) ?? this.#file.read(0, size - 1))
    }
  }

  #headOf(selected: Selected): Headers {
    const length = this.#file.variant(selected)?.length ?? this.#file.size
    const headers: Record<string, Headers[string]> = {}
    for (const [name, value] of Object.entries(this.#headers ?? {})) {
      headers[name] = name === 'etag' ? this.#tagOf(selected) : value
      if (name === 'content-type') headers['content-length'] = String(length)
    }
    if (selected !== 'identity') headers['content-encoding'] = selected
    return headers
  }

  #sendRange(range: string, reply: FastifyReply): boolean {
    const { size } = this.#file
    const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/.exec(range) ?? []
    if (first === '' && last === '') return false
    const start = first === '' ? size - Number(last) : Number(first)
    const end = first === '' || last === '' ? size - 1 : Math.min(Number(last), size - 1)
    if (start < 0 || start > end) return false
    sendStored(
      reply,
      206,
      {
        ...this.#headers,
        'content-range': `bytes ${start}-${end}/${size}`,
        'content-length': String(end - start + 1)
      },
      this.#file.read(start, end)
    )
    return true
  }

  /** The tag of an answer that the client has and may go on with. */
  #freshTag(headers: IncomingHttpHeaders, selected: Selected): string | true | undefined {
    const { 'last-modified': lastModified } = this.#headers as { 'last-modified': string }
    for (const coding of [selected, 'identity', 'br', 'zstd'] as const) {
      const etag = this.#tagOf(coding)
      const answer = { 'last-modified': lastModified, ...(etag !== undefined && { etag }) }
      if (this.#isFresh?.(headers, answer)) return etag ?? true
    }
    return undefined
  }

  /** As `send` leaves it, which Next serves files with. */
  #headersOf304(tag: string | true): Headers {
    const { 'content-type': _, vary: __, ...headers } = this.#headers as Record<string, string>
    return tag === true ? headers : { ...headers, etag: tag }
  }

  /** Gzip has the tag of the original, as with Next; the codings that Next never makes their own. */
  #tagOf(coding: Selected): string | undefined {
    const { etag } = this.#headers as { etag?: string }
    if (coding === 'identity' || coding === 'gzip') return etag
    return etag?.replace(/"$/, `-${coding}"`)
  }
}
