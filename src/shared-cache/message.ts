/** What processes tell each other. */
export type Message =
  /** These are out of date, for all builds of the app. */
  | { readonly tags: readonly string[] }
  /** A page is another one. */
  | { readonly build: string; readonly key: string }

export function encode(message: Message): string {
  return JSON.stringify(message)
}

/** `undefined` for what is none, or of another version of the plugin. */
export function decode(text: string): Message | undefined {
  try {
    const message: unknown = JSON.parse(text)
    return isMessage(message) ? message : undefined
  } catch {
    return undefined
  }
}

function isMessage(value: unknown): value is Message {
  const { tags, build, key } = Object(value) as Record<string, unknown>
  if (Array.isArray(tags)) return tags.every(tag => typeof tag === 'string')
  return typeof build === 'string' && typeof key === 'string'
}
