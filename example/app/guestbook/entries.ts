export interface Entry {
  id: number
  name: string
  message: string
  at: Date
}

const MAX_ENTRIES = 50

// On globalThis the entries outlive the reloads of this module in development.
const shared = globalThis as { guestbook?: Entry[] }

export function listEntries(): readonly Entry[] {
  return shared.guestbook ?? []
}

export function addEntry(name: string, message: string): void {
  const entries = listEntries()
  const id = (entries[0]?.id ?? 0) + 1
  shared.guestbook = [{ id, name, message, at: new Date() }, ...entries].slice(0, MAX_ENTRIES)
}
