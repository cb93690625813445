import { getFastify, getRequest } from 'fastify-next/context'
import type { Metadata } from 'next'
import { SignForm } from './form'

export const metadata: Metadata = { title: 'Guestbook' }

export default async function Guestbook() {
  const { user } = await getRequest()
  const { guestbook } = await getFastify()
  const entries = await guestbook.list()
  return (
    <>
      <h1>Guestbook</h1>
      <p className="lead">
        The form posts to a Server Action, which hands the entry to Fastify. There the entries stay
        until the server stops, also as JSON at <a href="/api/guestbook">/api/guestbook</a>.
      </p>
      <section className="card">
        {user && (
          <p>
            You sign as <strong>{user.name}</strong>: Fastify knows you from your session.
          </p>
        )}
        <SignForm user={user?.name} />
      </section>
      <h2>Entries</h2>
      {entries.length === 0 ? (
        <p className="note">Nobody has signed yet.</p>
      ) : (
        <ul className="entries">
          {entries.map(({ id, name, message, at }) => (
            <li key={id}>
              <p>{message}</p>
              <p className="note">
                {name}, {at.slice(0, 16).replace('T', ' ')} UTC
              </p>
            </li>
          ))}
        </ul>
      )}
    </>
  )
}
