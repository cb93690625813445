import fastifyPlugin from 'fastify-plugin'

const MAX_ENTRIES = 50

/** Pages and actions of Next reach it with `getFastify()`. A reload of theirs leaves it as it is. */
export const guestbook = fastifyPlugin(async fastify => {
  fastify.decorate('guestbook', fastify.redis ? inRedis(fastify.redis) : inMemory())
  fastify.get('/api/guestbook', async () => fastify.guestbook.list())
})

function inMemory() {
  let entries = []
  return {
    list: async () => entries,
    async add(name, message) {
      const id = (entries[0]?.id ?? 0) + 1
      entries = [entryOf(id, name, message), ...entries].slice(0, MAX_ENTRIES)
    }
  }
}

/** For several processes, which have to show the same. */
function inRedis(redis) {
  return {
    list: async () => (await redis.lrange('guestbook', 0, -1)).map(entry => JSON.parse(entry)),
    async add(name, message) {
      const id = await redis.incr('guestbook:last-id')
      const entry = JSON.stringify(entryOf(id, name, message))
      await redis
        .multi()
        .lpush('guestbook', entry)
        .ltrim('guestbook', 0, MAX_ENTRIES - 1)
        .exec()
    }
  }
}

function entryOf(id, name, message) {
  return { id, name, message, at: new Date().toISOString() }
}
