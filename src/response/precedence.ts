import type { Headers } from './headers.js'

/** Who wins where both Next and the reply say something. */
export interface Precedence {
  status(ofNext: number, ofReply: number): number
  headers(ofNext: Headers, ofReply: Headers, status: number): Headers
}

/** They describe the bytes that Next wrote, and no others. */
export const HEADERS_OF_THE_BYTES = ['accept-ranges', 'content-length', 'etag', 'trailer'] as const
/** With what the reply has of them, or instead of it. */
const ADDED = new Set(['location', 'set-cookie', 'vary'])
export const NEVER_STORE = 'private, no-cache, no-store, max-age=0, must-revalidate'

/** For a request that Next answers: what hooks have set is only added to. */
export const nextFirst: Precedence = {
  status: ofNext => ofNext,
  headers: ofNext => ofNext
}

/** For a page that a handler answers with: the handler has the last word. */
export const handlerFirst: Precedence = {
  status(ofNext, ofReply) {
    return ofReply === 200 || isRedirect(ofNext) || ofNext >= 500 ? ofNext : ofReply
  },
  headers(ofNext, ofReply, status) {
    const headers: Record<string, Headers[string]> = {}
    for (const name in ofNext) {
      if (ofReply[name] === undefined || ADDED.has(name)) headers[name] = ofNext[name]
    }
    // The hook that would take them away from other bytes is not on every route.
    for (const name of HEADERS_OF_THE_BYTES) delete headers[name]
    // What Next says of its page holds for the page's own URL. Under another one a handler may
    // answer with one page or the other, and plugins may add cookies after this.
    if (ofReply['cache-control'] === undefined && !isPrivate(headers['cache-control'], status)) {
      headers['cache-control'] = NEVER_STORE
    }
    return headers
  }
}

/** For a page that says what went wrong, to which Next gives a status of its own, or 200. */
export const errorFirst: Precedence = {
  status: (_ofNext, ofReply) => ofReply,
  headers: handlerFirst.headers
}

function isRedirect(status: number): boolean {
  return status >= 300 && status < 400
}

/** Whether no cache that is shared by several visitors may keep an answer: RFC 9111, 3. */
function isPrivate(cacheControl: Headers[string], status: number): boolean {
  return status < 400 && /\b(?:private|no-store)\b/i.test(String(cacheControl))
}
