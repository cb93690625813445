import { readManifest } from './manifest.js'

/**
 * The pages of the Pages Router that the build has made files of and that no request changes: those
 * without `getStaticProps` and its like. Next sends them without looking into its cache.
 */
export function automaticPages(distDir: string): ReadonlySet<string> {
  try {
    const pages = readManifest<object>(distDir, 'server/pages-manifest.json')
    const names = Object.entries(pages)
      .filter(([page, file]) => String(file).endsWith('.html') && !NOT_AUTOMATIC.test(page))
      .map(([page]) => page)
    return new Set(names)
  } catch {
    return new Set()
  }
}

/** Pages for errors, and those for many paths. */
const NOT_AUTOMATIC = /^\/(?:_error|404|500)$|\[/
