import { Agent, request } from 'node:http'

const CONNECTIONS = 16

function ask(agent, port, path, headers) {
  return new Promise((resolve, reject) => {
    const outgoing = request({ agent, host: '127.0.0.1', port, path, headers })
    outgoing.on('error', reject)
    outgoing.on('response', response => {
      const chunks = []
      response.on('data', chunk => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () =>
        resolve({ status: response.statusCode, body: Buffer.concat(chunks).toString('latin1') })
      )
    })
    outgoing.end()
  })
}

/** One answer: its status and body. */
export async function answer(port, path, headers) {
  const agent = new Agent()
  return ask(agent, port, path, headers)
}

/** Sends `count` requests over kept-alive connections; rejects when one has another status. */
export async function load(port, path, headers, count, expected = 200) {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS })
  let left = count
  const worker = async () => {
    while (left-- > 0) {
      const { status } = await ask(agent, port, path, headers)
      if (status !== expected) throw new Error(`${path}: ${status}`)
    }
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, worker))
  agent.destroy()
}
