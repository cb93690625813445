import { getRenderData } from 'fastify-next/context'
import type { Metadata } from 'next'
import { redirect } from 'next/navigation'

interface Account {
  user?: { name: string; since: string }
}

export const metadata: Metadata = { title: 'Account' }

export default async function AccountPage() {
  const data = await getRenderData<Account>()
  if (!data?.user) redirect('/sign-in')
  const { name, since } = data.user
  return (
    <>
      <h1>Hello, {name}</h1>
      <p className="lead">Fastify knows you from your session, and has told this page of Next.</p>
      <form className="card" method="post" action="/sign-out">
        <dl className="facts">
          <div>
            <dt>Your name</dt>
            <dd>{name}</dd>
          </div>
          <div>
            <dt>Signed in since</dt>
            <dd>{since.slice(11, 19)} UTC</dd>
          </div>
        </dl>
        <button type="submit">Sign out</button>
      </form>
    </>
  )
}
