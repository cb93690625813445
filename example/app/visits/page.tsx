import { setTimeout as delay } from 'node:timers/promises'
import type { Metadata } from 'next'
import { after, connection } from 'next/server'

export const metadata: Metadata = { title: 'Visits' }

const DELAY_MS = 2000

let visits = 0

export default async function Visits() {
  await connection()
  const visit = ++visits
  after(() => noteVisit(visit))
  return (
    <>
      <h1>Visits</h1>
      <p className="lead">
        This is visit <strong data-testid="visit">{visit}</strong> since the server was started.
      </p>
      <p className="note">
        The server notes it in its log, which takes {DELAY_MS} ms. You did not wait for that, but
        the server does when it closes.
      </p>
    </>
  )
}

/** In the place of a slow service that counts. */
async function noteVisit(visit: number): Promise<void> {
  await delay(DELAY_MS)
  console.log(`Visit ${visit} is noted`)
}
