/** In front of all that the plugin keeps in Redis. */
export const PREFIX = 'fastify-next:'
/** Of the times at which tags of `'use cache'` were revalidated. */
export const TAG_PREFIX = `${PREFIX}tag:`
/** In which `@fortedigital/nextjs-cache-handler` keeps the times at which pages were. */
export const TAG_TIMES = `${PREFIX}__revalidated_tags__`
