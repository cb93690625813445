import { randomBytes } from 'node:crypto'
import cookie from '@fastify/cookie'
import formbody from '@fastify/formbody'
import session from '@fastify/session'
import { sessionsInRedis } from './session-store.js'

// With a secret of its own at each start, nobody stays signed in over a restart. Several processes
// have to have the same.
const secret = process.env.SESSION_SECRET ?? randomBytes(32).toString('hex')

const nameForm = {
  type: 'object',
  required: ['name'],
  properties: { name: { type: 'string', maxLength: 40, pattern: '\\S' } }
}

/** A scope of its own: pictures, scripts and most pages need no session. */
export async function signIn(fastify) {
  await fastify.register(formbody)
  await fastify.register(cookie)
  await fastify.register(session, {
    secret,
    // Visitors get a cookie when they sign in, and not before.
    saveUninitialized: false,
    // "lax": a form on another site can't sign anybody out, as it posts without the cookie.
    // "auto": secure over https, which localhost does without. Behind a proxy set `trustProxy`.
    cookie: { sameSite: 'lax', secure: 'auto' },
    // Without one they are in memory, which is enough for one process.
    store: fastify.redis && sessionsInRedis(fastify.redis)
  })
  fastify.decorateRequest('user', {
    getter() {
      return this.session.user
    }
  })

  fastify.post('/sign-in', { schema: { body: nameForm }, attachValidation: true }, askForName)
  fastify.post('/sign-out', async (request, reply) => {
    await request.session.destroy()
    return reply.redirect('/sign-in', 303)
  })

  // Without a user it is the page that redirects. It can tell that to Next's client in the answer
  // to a click on a link, where a redirect of HTTP would make a detour.
  fastify.get('/account', (request, reply) =>
    reply.nextRender('/account', { data: { user: request.user } })
  )

  // Next answers it as ever. As a route of this scope it has a user for `getRequest()`.
  fastify.next('/guestbook', { method: ['GET', 'POST'] })
}

async function askForName(request, reply) {
  if (request.validationError) {
    const data = { problem: 'Please enter a name of at most 40 characters.' }
    return reply.code(400).nextRender('/sign-in', { data })
  }
  // A new id, so that one which somebody else may know is not signed in.
  await request.session.regenerate()
  request.session.user = { name: request.body.name.trim(), since: new Date().toISOString() }
  return reply.redirect('/account', 303)
}
