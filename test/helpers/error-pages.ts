import type { FastifyInstance } from 'fastify'

export class Teapot extends Error {
  statusCode = 418
}

/** Gives a prepared app another server, as a later Next may. */
export function replaceServer({ nextApp }: FastifyInstance, server: object): void {
  const prepare = nextApp.prepare.bind(nextApp)
  nextApp.prepare = async () => {
    await prepare()
    Object.defineProperty(nextApp, 'server', { value: { close: async () => {}, ...server } })
  }
}
