import type { Ask, Client } from './client.js'

/** A kind of page: how it is asked for, and what Next answers. */
export interface Kind extends Ask {
  name: string
  method: string
  status: number
  /** What is in the body, or for a redirect in `Location`. */
  contains: string
}

type Asker = Pick<Client, 'ask' | 'origin'>

const BOUNDARY = 'boundary'

/** A page of each kind in the fixture `app`. */
export async function kindsOfPages(client: Asker): Promise<Kind[]> {
  const get = { method: 'GET', status: 200 }
  return [
    { ...get, name: 'a static page', path: '/static', contains: 'A page that is prerendered' },
    { ...get, name: 'a dynamic page', path: '/dynamic?q=1', contains: '<dd id="query">1</dd>' },
    { ...get, name: 'a streamed page', path: '/stream', contains: 'The slow part' },
    { ...get, name: 'a route handler', path: '/api-route/json', contains: '{"hello":"next"}' },
    await serverAction(client)
  ]
}

/** The form of a page, posted as by a browser without JavaScript. */
export async function serverAction(client: Asker, page = '/action'): Promise<Kind> {
  const { body: html } = await client.ask(page)
  const [, field] = html.match(/name="(\$ACTION_ID_[0-9a-f]+)"/) ?? []
  if (field === undefined) throw new Error(`There is no form with an action on ${page}`)
  return {
    name: 'a Server Action',
    path: page,
    method: 'POST',
    status: 303,
    headers: {
      'content-type': `multipart/form-data; boundary=${BOUNDARY}`,
      // Next refuses an action whose `Origin` is not the host that was asked.
      origin: client.origin
    },
    body: multipart({ [field]: '', name: 'ada' }),
    contains: '/dynamic?q=ada'
  }
}

function multipart(fields: Readonly<Record<string, string>>): string {
  const parts = Object.entries(fields).map(
    ([name, value]) =>
      `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`
  )
  return `${parts.join('')}--${BOUNDARY}--\r\n`
}
