const ONE_DAY_S = 24 * 60 * 60

/** Keeps the sessions of `@fastify/session` in Redis, for several processes. */
export function sessionsInRedis(redis) {
  const keyOf = id => `session:${id}`
  return {
    set: (id, session, callback) =>
      settle(redis.set(keyOf(id), JSON.stringify(session), 'EX', ONE_DAY_S), callback),
    get: (id, callback) =>
      settle(
        redis.get(keyOf(id)).then(session => JSON.parse(session)),
        callback
      ),
    destroy: (id, callback) => settle(redis.del(keyOf(id)), callback)
  }
}

function settle(promise, callback) {
  promise.then(
    value => callback(null, value),
    error => callback(error)
  )
}
