import { setTimeout as sleep } from 'node:timers/promises'
import type { BuildFiles, Json } from './build-files.js'

const END_OF_HTML = '</html>'
/** Far above what Next takes to write a page. */
const WRITE_MS = 250

interface Page {
  name: string
  /** What the build has written, where it says so. */
  size: unknown
  /** Whether the HTML may end before its document does, and the rest is streamed. */
  isPartial: boolean
}

/** Checks that no prerendered HTML is cut off: Next sends it as it is. */
export async function checkPrerendered(files: BuildFiles): Promise<void> {
  const isCutOff = (page: Page): boolean => isCut(files, page)
  let cut = prerenderedPages(files).filter(isCutOff)
  if (cut.length > 0) {
    // Another process may be renewing a page: Next 16.2 writes over the HTML of the build.
    await sleep(WRITE_MS)
    cut = cut.filter(isCutOff)
  }
  for (const { name } of cut) files.problems.push(`"${name}" is cut off`)
}

function prerenderedPages(files: BuildFiles): Page[] {
  const { routes, dynamicRoutes } = files.readJson('prerender-manifest.json')
  const prerendered = [routes, dynamicRoutes].flatMap(group => Object.values(Object(group)))
  const automatic = Object.values(files.readJson('server/pages-manifest.json')).map(String)
  return [
    ...prerendered.flatMap(entry => pageOf(Object(entry) as Json)),
    ...automatic
      .filter(name => name.endsWith('.html'))
      .map(name => ({ name: `server/${name}`, size: undefined, isPartial: false }))
  ]
}

/** Nothing for a route handler: it has no data of a page. */
function pageOf({ dataRoute, htmlSize, renderingMode }: Json): Page[] {
  if (typeof dataRoute !== 'string') return []
  const name = dataRoute.endsWith('.rsc')
    ? `server/app${dataRoute.replace(/\.rsc$/, '.html')}`
    : `server/pages${dataRoute.replace(/^\/_next\/data\/[^/]+/, '').replace(/\.json$/, '.html')}`
  return [{ name, size: htmlSize, isPartial: renderingMode === 'PARTIALLY_STATIC' }]
}

function isCut(files: BuildFiles, { name, size, isPartial }: Page): boolean {
  const actual = files.size(name)
  if (actual === undefined || actual === size) return false
  if (files.endsWith(name, END_OF_HTML)) return false
  if (!isPartial) return !files.readText(name).includes(END_OF_HTML)
  // Only where Next keeps what it renders anew elsewhere is the build's HTML still as it was.
  const isKept = files.readText(name.replace(/\.html$/, '.meta')).includes('"routeCache"')
  return isKept && typeof size === 'number' && actual < size
}
