import t from 'tap'
import { editable } from './helpers/editable.js'
import { buildPlugin, repositoryPath, startServer } from './helpers/process.js'
import { until } from './helpers/twins.js'

const PAGE = 'app/in/[name]/page.jsx'

for (const bundler of ['turbopack', 'webpack'] as const) {
  t.test(`pages have the request in development, and after a reload: ${bundler}`, async t => {
    await buildPlugin()
    const { dir, edit } = await editable(t, 'context')
    const script = repositoryPath('test', 'processes', 'context.mjs')
    const { url } = await startServer(t, script, /^Listening on (\S+)/m, {
      args: [JSON.stringify({ dir, [bundler]: true })]
    })
    const load = (path: string, user: string) =>
      fetch(`${url}${path}`, { headers: { 'x-user': user, cookie: `of=${user}` } })
    const paragraphs = async (path: string, user: string) =>
      [...(await (await load(path, user)).text()).matchAll(/<p>(.*?)<\/p>/g)].map(
        ([, text]) => text
      )

    for (const user of ['ada', 'bob']) {
      t.match(await (await load('/in/one', user)).text(), `<title>metadata ${user}</title>`)
      const seen = await paragraphs('/in/one', user)
      for (const part of ['layout', 'suspense', 'page']) {
        t.ok(
          seen.some(text => text?.startsWith(`${part} ${user}`)),
          `${part} ${user}`
        )
      }
      const handled = await load('/handler', user)
      t.strictSame([handled.status, handled.headers.get('x-handled')], [203, user])
      t.match(await handled.json(), { user })
      t.strictSame(await paragraphs('/proxied', user), [`proxied ${user}`])
      t.strictSame(await paragraphs('/unstable', user), ['cached FST_NEXT_NO_REQUEST'])
      t.match(await paragraphs('/legacy', user), [`legacy ${user} hello`])
      const api = await load('/api/legacy', user)
      t.equal(api.headers.get('x-api'), user)
      t.strictSame(await paragraphs('/profile', user), [`${user}, with of=${user}`])
    }
    const form = await (await load('/action', 'ada')).text()
    const [, action] = /name="(\$ACTION_ID_\w+)"/.exec(form) ?? []
    const body = new FormData()
    body.set(String(action), '')
    const headers = { 'x-user': 'ada' }
    const acted = await fetch(`${url}/action`, { method: 'POST', headers, body })
    t.strictSame([acted.status, acted.headers.get('x-acted')], [202, 'ada'])
    t.ok(acted.headers.getSetCookie().some(cookie => cookie.startsWith('theme=dark')))
    t.match(await acted.text(), 'visitor ada')
    await edit(PAGE, '`page ', '`edited ')
    const edited = await until(async () => {
      const seen = await paragraphs('/in/one', 'eve')
      return seen.find(text => text?.startsWith('edited'))
    })
    t.equal(edited, 'edited eve hello')
  })
}
