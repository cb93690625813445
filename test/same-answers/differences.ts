import type { Answer, Request } from './exchange.js'

/** What differs between two answers to a request; with nothing they are equal. */
export function differencesOf({ method }: Request, next: Answer, plugin: Answer): string[] {
  const found: string[] = []
  const compare = (name: string, ofNext = 'none', ofPlugin = 'none'): void => {
    if (ofNext !== ofPlugin) found.push(`${name}: ${ofNext} | ${ofPlugin}`)
  }
  compare('error', next.error, plugin.error)
  compare('status', next.status, plugin.status)
  const [ofNext, ofPlugin] = [next, plugin].map(({ headers }) => headers.map(withoutChance))
  for (const line of without(ofNext, ofPlugin)) found.push(`- ${line}`)
  for (const line of without(ofPlugin, ofNext)) found.push(`+ ${line}`)
  if (!isFraming(method, next, plugin)) compare('length', next.length, plugin.length)
  // Next tags what it has as a whole.
  const isStreamed = !next.headers.some(line => line.startsWith('etag: '))
  const [nextBody, pluginBody] = [next, plugin].map(({ body }) => {
    const text = withoutChance(body)
    return isStreamed ? inAnyOrder(text) : text
  })
  if (nextBody !== pluginBody) found.push(...excerpts(nextBody, pluginBody))
  return found
}

/**
 * Preview data is encrypted with random bytes, keys and placeholders in a prefetch have random names,
 * and a digest is made of the stack of the error, which has the paths of the copy that is served.
 */
function withoutChance(text: string): string {
  return text
    .replace(/(__next_preview_data=)[\w.-]{20,}/g, '$1encrypted')
    .replace(/"[\w-]{21}([hmv])"/g, '"random$1"')
    .replace(/%%drp:id:[\da-f]+%%/g, '%%drp:id:random%%')
    .replace(/(digest\\*":\\*"|data-dgst="|\$RX\("B:\d+",")\d+/g, '$1of the stack')
}

/** In which order the parts of a page stream out is a matter of timing. */
function inAnyOrder(body: string): string {
  if (!body.includes('self.__next_f')) return body
  return body
    .split(/(?<=<\/script>)/)
    .sort()
    .join('')
}

/** The lines of a multiset that another does not have. */
function without(lines: readonly string[] = [], others: readonly string[] = []): string[] {
  const rest = [...others]
  return lines.filter(line => {
    const index = rest.indexOf(line)
    if (index !== -1) rest.splice(index, 1)
    return index === -1
  })
}

/** Whether one body has been sent with its length, and the other one in chunks. */
function isFraming(method: string, next: Answer, plugin: Answer): boolean {
  if (method === 'HEAD' || (next.length !== undefined && plugin.length !== undefined)) return false
  const measured = next.length === undefined ? plugin : next
  return measured.length === undefined || measured.length === String(measured.bytes)
}

function excerpts(next = '', plugin = ''): string[] {
  let start = 0
  while (start < next.length && next[start] === plugin[start]) start++
  return [next, plugin].map((body, side) => {
    const excerpt = JSON.stringify(body.slice(Math.max(0, start - 20), start + 80))
    return `${side === 0 ? '-' : '+'} body of ${body.length}, from ${start}: ${excerpt}`
  })
}
