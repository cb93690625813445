import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * The pages of the Pages Router that the build has made files of and that no request changes: those
 * without `getStaticProps` and its like. Next sends them without looking into its cache.
 */
export async function automaticPages(distDir: string): Promise<ReadonlySet<string>> {
  try {
    const text = await readFile(join(distDir, 'server', 'pages-manifest.json'), 'utf8')
    const pages = Object.entries(JSON.parse(text) as Record<string, unknown>)
    const names = pages
      .filter(([page, file]) => String(file).endsWith('.html') && !NOT_AUTOMATIC.test(page))
      .map(([page]) => page)
    return new Set(names)
  } catch {
    return new Set()
  }
}

/** Pages for errors, and those for many paths. */
const NOT_AUTOMATIC = /^\/(?:_error|404|500)$|\[/
