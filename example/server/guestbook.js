import fastifyPlugin from 'fastify-plugin'

const MAX_ENTRIES = 50

/** Pages and actions of Next reach it with `getFastify()`. A reload of theirs leaves it as it is. */
export const guestbook = fastifyPlugin(async fastify => {
  let entries = []
  fastify.decorate('guestbook', {
    list: () => entries,
    add(name, message) {
      const id = (entries[0]?.id ?? 0) + 1
      entries = [{ id, name, message, at: new Date() }, ...entries].slice(0, MAX_ENTRIES)
    }
  })
  fastify.get('/api/guestbook', async () => fastify.guestbook.list())
})
