import websocket from '@fastify/websocket'

/** A WebSocket that says what it is told. */
export async function echo(fastify) {
  await fastify.register(websocket)
  fastify.get('/api/echo', { websocket: true }, socket => {
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }))
  })
}
