/** For a load balancer, which sends no more requests to a server that is about to close. */
export async function health(fastify) {
  fastify.get('/health', { logLevel: 'warn' }, async (_request, reply) => {
    const isReady = fastify.nextReady
    return reply.code(isReady ? 200 : 503).send({ isReady })
  })
}
