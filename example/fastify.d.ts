import 'fastify'

interface Entry {
  id: number
  name: string
  message: string
  /** In ISO 8601. */
  at: string
}

/** What the plugins in `server` add to Fastify, as pages get it from `fastify-next/context`. */
declare module 'fastify' {
  interface FastifyInstance {
    guestbook: {
      list(): Promise<readonly Entry[]>
      add(name: string, message: string): Promise<void>
    }
  }

  interface FastifyRequest {
    /** Who has signed in: the routes of `server/sign-in.js` know. */
    user?: { name: string; since: string }
  }
}
