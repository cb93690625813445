import { getRenderData } from 'fastify-next/context'
import type { Metadata } from 'next'
import { redirect } from 'next/navigation'

interface Account {
  user: { name: string; since: string }
}

export const metadata: Metadata = { title: 'Account' }

export default async function AccountPage() {
  const data = await getRenderData<Account>()
  if (!data) redirect('/sign-in')
  const { name, since } = data.user
  return (
    <>
      <h1>Hello, {name}</h1>
      <p className="lead">
        Fastify knows you from your session, and has told this page of Next. You have been signed in
        since {since.slice(11, 16)} UTC.
      </p>
      <form className="card" method="post" action="/sign-out">
        <h2>Sign out</h2>
        <p>The server forgets the session. What you wrote into the guestbook stays.</p>
        <button type="submit">Sign out</button>
      </form>
    </>
  )
}
