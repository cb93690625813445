import { statSync } from 'node:fs'

/** How many of the largest parts are named. */
const NAMED = 5
/** The last one counts: pnpm has packages within packages. */
const PACKAGE = /^.*[\\/]node_modules[\\/]((?:@[^\\/]+[\\/])?[^\\/]+)/

/** What a bundle takes, and which packages most of it are. */
export function describeSizes(files: ReadonlySet<string>): string {
  const parts = new Map<string, number>()
  let total = 0
  for (const path of files) {
    const { size } = statSync(path)
    const part = PACKAGE.exec(path)?.[1] ?? 'the app and its server'
    parts.set(part, (parts.get(part) ?? 0) + size)
    total += size
  }
  const largest = [...parts].sort(([, a], [, b]) => b - a).slice(0, NAMED)
  const lines = largest.map(([part, size]) => `${megabytes(size)}  ${part}`)
  return [`${megabytes(total)}  in ${files.size} files, of which`, ...lines].join('\n')
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1).padStart(7)} MB`
}
