import { setTimeout as sleep } from 'node:timers/promises'
import { type BuildFiles, inTurns, type Json } from './build-files.js'

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
  const cut: Page[] = []
  for await (const page of inTurns(prerenderedPages(files))) {
    if (isCut(files, page)) cut.push(page)
  }
  if (cut.length === 0) return
  // Another process may be renewing a page: Next 16.2 writes over the HTML of the build.
  await sleep(WRITE_MS)
  for (const page of cut) if (isCut(files, page)) files.report(page.name, 'is cut off')
}

function prerenderedPages(files: BuildFiles): Page[] {
  const { routes, dynamicRoutes } = files.readManifest('prerender-manifest.json')
  const prerendered = [routes, dynamicRoutes].flatMap(group => Object.values(Object(group)))
  const automatic = Object.values(files.readManifest('server/pages-manifest.json')).map(String)
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
  // It may be removed at any time, which Next mends by itself.
  if (files.endsWith(name, END_OF_HTML) !== false) return false
  if (!isPartial) return files.readText(name)?.includes(END_OF_HTML) === false
  // Only where Next keeps what it renders anew elsewhere is the build's HTML still as it was.
  const isKept = files.readText(name.replace(/\.html$/, '.meta'))?.includes('"routeCache"')
  return isKept === true && typeof size === 'number' && actual < size
}
