import { getRenderData } from 'fastify-next/context'
import type { Metadata } from 'next'

export const metadata: Metadata = { title: 'Sign in' }

export default async function SignIn() {
  const data = await getRenderData<{ problem: string }>()
  return (
    <>
      <h1>Sign in</h1>
      <p className="lead">
        This page is Next’s, the route that it posts to is Fastify’s, and so is the session. There
        is no password: you are who you say you are.
      </p>
      <form className="card form" method="post" action="/sign-in">
        <label>
          Name
          <input name="name" autoComplete="name" maxLength={40} required />
        </label>
        <div className="row">
          <button type="submit">Sign in</button>
          {data && (
            <p className="problem" role="alert">
              {data.problem}
            </p>
          )}
        </div>
      </form>
    </>
  )
}
