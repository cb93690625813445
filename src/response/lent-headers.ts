import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'

/** Gives Next a copy of the headers to work on. */
export function lendHeaders(raw: IncomingMessage, headers: IncomingHttpHeaders): void {
  if (raw.httpVersionMajor < 2) {
    raw.headers = { ...headers }
    return
  }
  // Pseudo-headers are no header names to the Fetch API that Next builds its requests with.
  const copy = Object.fromEntries(Object.entries(headers).filter(([name]) => name[0] !== ':'))
  copy.host ??= headers[':authority'] as string | undefined
  // The headers of an HTTP/2 request have no setter.
  Object.defineProperty(raw, 'headers', { configurable: true, value: copy, writable: true })
}

/** Takes the copy back. */
export function returnHeaders(raw: IncomingMessage, headers: IncomingHttpHeaders): void {
  if (raw.httpVersionMajor < 2) raw.headers = headers
  else Reflect.deleteProperty(raw, 'headers')
}
