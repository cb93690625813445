import type { Metadata } from 'next'
import { connection } from 'next/server'
import { listEntries } from './entries'
import { SignForm } from './form'

export const metadata: Metadata = { title: 'Guestbook' }

export default async function Guestbook() {
  // The entries are in memory, so a page of the build would not have them.
  await connection()
  const entries = listEntries()
  return (
    <>
      <h1>Guestbook</h1>
      <p className="lead">
        The form posts to a Server Action. The entries stay in memory until the server stops.
      </p>
      <section className="card">
        <SignForm />
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
                {name}, {at.toISOString().slice(0, 16).replace('T', ' ')} UTC
              </p>
            </li>
          ))}
        </ul>
      )}
    </>
  )
}
