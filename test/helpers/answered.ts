/**
 * `fetch()` for who wants no body. It is read all the same: when a server closes before a body has
 * been read, the copy that Next's `fetch()` keeps of it in this process rejects for nobody
 * (`clone-response.js` of Next), and the rejection fails whichever test runs then.
 */
export async function answered(url: string, init?: RequestInit): Promise<Response> {
  const response = await fetch(url, init)
  await response.arrayBuffer()
  return response
}
