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
      <p className='lead'>
        This text arrives at once. The box below waits {DELAY_MS} ms on the server, and is sent in
        the same response when it is done.
      </p>
      <section className='card' aria-live='polite'>
        <h2>A slow part</h2>
        <Suspense fallback={<Skeleton />}>
          <SlowPart />
        </Suspense>
      </section>
      <p className='note'>Reload the page to see it again.</p>
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
    <div className='slow' data-testid='slow-part'>
      <p>
        Here it is, after <strong>{took} ms</strong>.
      </p>
      <p>
        Rendered at <time>{new Date().toISOString()}</time>.
      </p>
    </div>
  )
}

function Skeleton() {
  return (
    <div className='slow' data-testid='skeleton'>
      <span className='skeleton' style={{ width: '55%' }} />
      <span className='skeleton' style={{ width: '80%' }} />
      <span className='visually-hidden'>Loading</span>
    </div>
  )
}
