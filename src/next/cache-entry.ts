type Check = (value: unknown) => boolean
type Fields = Readonly<Record<string, Check>>

const isString: Check = value => typeof value === 'string'
const isNumber: Check = value => typeof value === 'number'
const isBytes: Check = value => value instanceof Uint8Array
const isContent: Check = value => isString(value) || isBytes(value)
const isObject: Check = value => typeof value === 'object' && value !== null
const isStore: Check = value => typeof Object(value).get === 'function'
const isHeader: Check = value => value === undefined || isString(value) || isNumber(value)
const isHeaders: Check = value =>
  isObject(value) &&
  Object.values(Object(value)).every(header => isHeader(header) || isListOf(header, isString))
/** What a `Response` takes. */
const isStatus: Check = value => Number.isInteger(value) && isBetween(Number(value), 200, 599)
const isRevalidate: Check = value => value === false || (isNumber(value) && Number(value) >= 1)

function isListOf(value: unknown, check: Check): boolean {
  return Array.isArray(value) && value.every(check)
}

function isBetween(value: number, first: number, last: number): boolean {
  return first <= value && value <= last
}

function optional(check: Check): Check {
  return value => value === undefined || value === null || check(value)
}

function hasFields(fields: Fields): Check {
  return value => isObject(value) && misfit(value, fields) === undefined
}

function misfit(value: unknown, fields: Fields): string | undefined {
  const object = Object(value)
  return Object.keys(fields).find(name => !fields[name]?.(object[name]))
}

/** Of the entry around a value: next/dist/server/lib/incremental-cache/index.js. */
const ENTRY: Fields = {
  lastModified: optional(isNumber),
  cacheControl: optional(hasFields({ revalidate: isRevalidate, expire: optional(isNumber) }))
}

/** Of the values: next/dist/server/response-cache/types.d.ts, and what answers with them. */
const VALUES: Readonly<Record<string, Fields>> = {
  APP_PAGE: {
    html: isContent,
    rscData: optional(isContent),
    segmentData: optional(isStore),
    postponed: optional(isString),
    headers: optional(isHeaders),
    status: optional(isStatus)
  },
  APP_ROUTE: { body: isContent, headers: isHeaders, status: optional(isStatus) },
  PAGES: {
    html: isContent,
    pageData: isObject,
    headers: optional(isHeaders),
    status: optional(isStatus)
  },
  REDIRECT: { props: hasFields({ pageProps: hasFields({ __N_REDIRECT: isString }) }) },
  FETCH: {
    data: hasFields({
      headers: isHeaders,
      // `unstable_cache()` has none for `undefined`.
      body: optional(isString),
      status: optional(isStatus)
    }),
    tags: optional(value => isListOf(value, isString))
  },
  IMAGE: {
    buffer: isBytes,
    etag: isString,
    upstreamEtag: isString,
    extension: isString,
    revalidate: optional(isNumber)
  }
}

/**
 * Names what Next could not read of that which a cache handler has returned for an entry of a
 * kind. Nothing is wrong with a kind that is not known here: a later version of Next may have it.
 */
export function faultOf(entry: unknown, kind: unknown): string | undefined {
  if (entry === undefined || entry === null || VALUES[String(kind)] === undefined) return undefined
  if (!isObject(entry)) return 'no object'
  const field = misfit(entry, ENTRY)
  if (field !== undefined) return field

  const { value } = entry as { value?: unknown }
  // A page that is not there, which the Pages Router alone stores.
  if (value === null && kind === 'PAGES') return undefined
  const { kind: actual } = Object(value)
  if (actual !== kind && !(kind === 'PAGES' && actual === 'REDIRECT')) return 'value.kind'
  const part = misfit(value, VALUES[actual] as Fields)
  return part && `value.${part}`
}
