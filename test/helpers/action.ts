/** The id of the Server Action of a form. */
export async function actionOf(page: string): Promise<string> {
  const html = await (await fetch(page)).text()
  const [, id] = html.match(/name="\$ACTION_ID_([0-9a-f]+)"/) ?? []
  if (id === undefined) throw new Error(`There is no form with an action on ${page}`)
  return id
}

/** Calls the Server Action of a form the way React does in a browser. */
export async function callAction(page: string): Promise<Response> {
  return fetch(page, {
    method: 'POST',
    headers: {
      'next-action': await actionOf(page),
      accept: 'text/x-component',
      cookie: 'user=secret'
    },
    body: '[]',
    redirect: 'manual'
  })
}
