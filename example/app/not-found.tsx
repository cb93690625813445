import type { Metadata } from 'next'
import Link from 'next/link'

export const metadata: Metadata = { title: 'Page not found' }

export default function NotFound() {
  return (
    <>
      <h1>Page not found</h1>
      <p className="lead">
        There is nothing here. Next answers with this page when it has none for an address, and
        Fastify when a handler calls <code>reply.nextNotFound()</code>. The status is 404 for both.
      </p>
      <p>
        <Link href="/">Back to the home page</Link>
      </p>
    </>
  )
}
