import { Agent, type IncomingMessage, request } from 'node:http'

export interface Ask {
  path: string
  method?: string
  headers?: Record<string, string>
  body?: string | Buffer
}

export interface Answer {
  status: number
  headers: IncomingMessage['headers']
  body: string
}

/** What a browser knows of a page that it has open. */
export interface OpenPage {
  path: string
  html: string
  build: string
  deployment: string
}

/** An answer may take this long, in ms. */
const BOUND = 20_000

/** Sends requests like a browser, on kept connections. */
export class Browser {
  /** How often a connection was closed as it was used again, which a browser repairs by another one. */
  repeated = 0
  readonly #origin: string
  readonly #agent = new Agent({ keepAlive: true })

  constructor(origin: string) {
    this.#origin = origin
  }

  async ask(what: Ask): Promise<Answer> {
    for (;;) {
      try {
        return await this.#send(what)
      } catch (error) {
        if (!(error instanceof StaleConnection)) throw error
        this.repeated++
      }
    }
  }

  /** Resolves to a page with the build and the deployment that its document tells. */
  async open(path: string): Promise<OpenPage> {
    const { status, body: html } = await this.ask({ path })
    const build = /data-build="(\w+)"/.exec(html)?.[1]
    const deployment = /data-dpl-id="([\w-]+)"/.exec(html)?.[1]
    if (status !== 200 || !build || !deployment || !html.endsWith('</html>')) {
      throw new Error(`${path}: ${status} ${html.slice(0, 200)}`)
    }
    return { path, html, build, deployment }
  }

  close(): void {
    this.#agent.destroy()
  }

  #send({ path, method = 'GET', headers, body }: Ask): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const outgoing = request(this.#origin, {
        agent: this.#agent,
        path,
        method,
        headers: method === 'GET' ? headers : { origin: this.#origin, ...headers }
      })
      let hasAnswer = false
      const fail = (error: NodeJS.ErrnoException): void => {
        const isReset = error.code === 'ECONNRESET' || error.code === 'EPIPE'
        const isStale = isReset && outgoing.reusedSocket && !hasAnswer
        reject(isStale ? new StaleConnection() : new Error(`${method} ${path}: ${error.message}`))
      }
      outgoing.setTimeout(BOUND, () => outgoing.destroy(new Error('no answer in time')))
      outgoing.on('error', fail)
      outgoing.on('response', response => {
        hasAnswer = true
        let text = ''
        response.setEncoding('latin1').on('data', piece => {
          text += piece
        })
        response.on('error', fail)
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text })
        )
      })
      outgoing.end(body)
    })
  }
}

class StaleConnection extends Error {}

/** What the document has of the build, as a browser would load it. */
export function filesOf({ html }: OpenPage): string[] {
  const urls = html.matchAll(/(?:src|href)="(\/_next\/[^"]+)"/g)
  return [...urls].map(([, url]) => String(url).replaceAll('&amp;', '&'))
}

/** The way of Next's client to another page. Next redirects what has no `_rsc`, be it an empty one. */
export function navigation({ deployment }: OpenPage, path: string): Ask {
  return { path: `${path}?_rsc=`, headers: { rsc: '1', 'x-deployment-id': deployment } }
}

/** The way of Next's client to the Server Action of a page's form. */
export function actionCall(page: OpenPage, deployment = page.deployment): Ask {
  const id = /"id":"([0-9a-f]+)"/.exec(
    hiddenFields(page)
      .map(([, value]) => value)
      .join()
  )?.[1]
  if (id === undefined) throw new Error(`There is no action on ${page.path}`)
  return {
    path: page.path,
    method: 'POST',
    headers: { accept: 'text/x-component', 'next-action': id, 'x-deployment-id': deployment },
    body: '[]'
  }
}

/** The form of a page that is sent without JavaScript. */
export function formPost(page: OpenPage): Ask {
  const boundary = 'a-part-of-the-form'
  const parts = [...hiddenFields(page), ['name', 'Ada']].map(
    ([name, value]) =>
      `--${boundary}\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`
  )
  return {
    path: page.path,
    method: 'POST',
    headers: { 'content-type': `multipart/form-data; boundary=${boundary}` },
    body: `${parts.join('')}--${boundary}--\r\n`
  }
}

function hiddenFields({ html }: OpenPage): string[][] {
  const inputs = html.matchAll(/<input type="hidden" name="([^"]+)"(?: value="([^"]*)")?/g)
  return [...inputs].map(([, name = '', value = '']) => [name, value.replaceAll('&quot;', '"')])
}
