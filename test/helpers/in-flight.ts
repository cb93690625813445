import type { FastifyInstance } from 'fastify'

/**
 * Counts what Fastify has been asked and has not answered, from then on.
 * @returns waits until that is nothing, for a second at most
 */
export function countInFlight(fastify: FastifyInstance): () => Promise<void> {
  let inFlight = 0
  let onIdle = () => {}
  fastify.addHook('onRequest', async (_request, { raw }) => {
    inFlight++
    raw.once('close', () => {
      if (--inFlight === 0) onIdle()
    })
  })
  return async () => {
    if (inFlight === 0) return
    let timer: NodeJS.Timeout | undefined
    await new Promise<void>((resolve, reject) => {
      onIdle = resolve
      timer = setTimeout(() => reject(new Error(`${inFlight} requests hang`)), 1_000)
    })
    clearTimeout(timer)
  }
}
