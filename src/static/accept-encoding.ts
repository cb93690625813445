import { type Coding, ENCODERS } from './codings.js'

/** What a client takes, the best first; `undefined` when Next has to be asked. */
export type Preference = readonly (Coding | 'identity')[] | undefined

/** Browsers send a handful of different ones. */
const known = new Map<string, Preference>()
const MAX_KNOWN = 200
const MAX_LENGTH = 200

const IDENTITY_ONLY: Preference = ['identity']

/** Negotiates the content coding by the weights of RFC 9110, 12.5.3. */
export function preferenceOf(acceptEncoding: string | undefined): Preference {
  if (acceptEncoding === undefined) return IDENTITY_ONLY
  if (known.has(acceptEncoding)) return known.get(acceptEncoding)
  const preference = negotiate(acceptEncoding)
  if (acceptEncoding.length <= MAX_LENGTH) {
    if (known.size >= MAX_KNOWN) known.clear()
    known.set(acceptEncoding, preference)
  }
  return preference
}

function negotiate(header: string): Preference {
  const weights = weightsOf(header)
  if (weights === undefined) return undefined
  const others = weights.get('*') ?? 0
  const lowest = Math.min(...[...weights.values()].filter(weight => weight > 0), 1)
  const weightOf = (name: string): number => {
    // Nobody has to name it: Next's `negotiator` puts it last then.
    if (name === 'identity') return weights.get(name) ?? weights.get('*') ?? lowest / 2
    // Who takes anything gets what Next would send.
    return weights.get(name) ?? (name === 'gzip' ? others : 0)
  }
  const names: (Coding | 'identity')[] = [...ENCODERS.keys(), 'identity']
  const accepted = names
    .filter(name => weightOf(name) > 0)
    .sort((one, other) => weightOf(other) - weightOf(one))
  // Next has a coding that is not kept here.
  const codes = accepted[0] !== undefined && accepted[0] !== 'identity'
  if (!codes && (weights.get('deflate') ?? others) > weightOf('identity')) return undefined
  return accepted.length > 0 ? accepted : undefined
}

const MEMBER = /^([!#$%&'*+.^_`|~\w-]+)(?:[ \t]*;[ \t]*q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?))?$/i

/** By name, in lower case; `undefined` for what is not as the grammar has it, or said twice. */
export function weightsOf(header: string): Map<string, number> | undefined {
  const weights = new Map<string, number>()
  for (const member of header.split(',')) {
    const text = member.trim()
    if (text === '') continue
    const [, name, weight = '1'] = MEMBER.exec(text) ?? []
    if (name === undefined || weights.has(name.toLowerCase())) return undefined
    weights.set(name.toLowerCase(), Number(weight))
  }
  return weights
}
