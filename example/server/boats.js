const fleet = [
  {
    id: 'swift',
    name: 'Swift',
    kind: 'Racing dinghy',
    sail: '#0d9488',
    story: 'Carries JSON, and little else. She has left before you have said where to.'
  },
  {
    id: 'hydra',
    name: 'Hydra',
    kind: 'Ketch',
    sail: '#6366f1',
    story: 'Looks finished when she comes in. Her crew arrives a moment later, and she moves.'
  },
  {
    id: 'patience',
    name: 'Patience',
    kind: 'Cargo sloop',
    sail: '#e08a2e',
    story: 'Unloads what she has at once, and fetches the rest while you look at it.'
  },
  {
    id: 'echo',
    name: 'Echo',
    kind: 'Pilot cutter',
    sail: '#d9466f',
    story: 'Call her from the shore by any name that she has. It is always the same boat.'
  }
]

const adrift = {
  id: 'mary-celeste',
  name: 'Mary Celeste',
  kind: 'Brigantine',
  sail: '#64748b',
  story: 'Found under sail, with her cargo, and with nobody aboard to tell why.'
}

const crews = new Map([
  ['swift', ['Ada', 'Grace']],
  ['hydra', ['Barbara', 'Edsger', 'Tony']],
  ['patience', ['Margaret', 'Niklaus']],
  ['echo', ['Radia']]
])

function findBoat(id) {
  if (id === 'titanic') throw new Error('Iceberg at 41.73 N, 49.95 W')
  return [...fleet, adrift].find(boat => boat.id === id)
}

/** The data is Fastify's. It answers with it as JSON, and hands it to a page of Next. */
export async function boats(fastify) {
  fastify.get('/api/boats', async () => fleet)

  fastify.get('/api/boats/:id', async (request, reply) => {
    const boat = findBoat(request.params.id)
    return boat ?? reply.code(404).send({ error: 'No such boat' })
  })

  fastify.get('/api/boats/:id/crew', async (request, reply) => {
    const crew = crews.get(request.params.id)
    return crew ?? reply.code(404).send({ error: 'Nobody is aboard' })
  })

  fastify.get('/boats', (_request, reply) => reply.nextRender('/boats', { data: { fleet } }))

  fastify.get('/boats/:id', async (request, reply) => {
    const boat = findBoat(request.params.id)
    if (!boat) return reply.nextNotFound()
    return reply.nextRender(`/boats/${boat.id}`, { data: { boat } })
  })
}
