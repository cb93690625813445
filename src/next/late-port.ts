/** Stands where Next wants a number, which it only ever turns into text. */
class LatePort {
  read: () => number = () => 0

  toString(): string {
    return String(this.read())
  }

  toJSON(): number {
    return this.read()
  }
}

/**
 * Next keeps the server of a directory, and with it the port that it was given, for the life of
 * the process (next/dist/server/lib/render-server.js), so a second start must change the first's.
 */
const ports = new Map<string, LatePort>()

/** The port of an app, read each time that Next makes a URL of its own. */
export function latePort(dir: string, read: () => number): LatePort {
  const port = ports.get(dir) ?? new LatePort()
  port.read = read
  ports.set(dir, port)
  return port
}
