export async function api(fastify) {
  fastify.get('/api/time', async () => ({ now: new Date().toISOString(), servedBy: 'fastify' }))
  fastify.get('/api/process', async () => ({ pid: process.pid, servedBy: 'fastify' }))
}
