import { setTimeout as delay } from 'node:timers/promises'
import type { Metadata } from 'next'
import { connection } from 'next/server'
import { Suspense } from 'react'

export const metadata: Metadata = { title: 'Streaming' }

const DELAY_MS = 1500

export default function Stream() {
  return (
    <>
      <h1>Streaming</h1>
      <p className="lead">
        This text arrives at once. The box below takes {DELAY_MS} ms on the server, and follows in
        the same response.
      </p>
      <section className="card" aria-live="polite">
        <h2>A slow part</h2>
        <Suspense fallback={<Skeleton />}>
          <SlowPart />
        </Suspense>
      </section>
      <p className="note">Reload the page to see it again.</p>
    </>
  )
}

async function SlowPart() {
  // Renders at each request: before it the page is the same for everybody.
  await connection()
  const began = performance.now()
  await delay(DELAY_MS)
  const took = Math.round(performance.now() - began)
  return (
    <div className="slow" data-testid="slow-part">
      <p>
        Here it is, after <strong>{took} ms</strong>.
      </p>
      <p>It was rendered at {new Date().toISOString().slice(11, 19)} UTC.</p>
    </div>
  )
}

function Skeleton() {
  return (
    <div className="slow" data-testid="skeleton">
      <span className="skeleton" style={{ width: '13rem' }} />
      <span className="skeleton" style={{ width: '16rem' }} />
      <span className="visually-hidden">Loading</span>
    </div>
  )
}
