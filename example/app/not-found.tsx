import type { Metadata } from 'next'
import Link from 'next/link'

export const metadata: Metadata = { title: 'Page not found' }

export default function NotFound() {
  return (
    <>
      <h1>Page not found</h1>
      <p className="lead">
        No route of Fastify and no page of Next has this address, so Next answered with this page
        and the status 404.
      </p>
      <p>
        <Link href="/">Back to the home page</Link>
      </p>
    </>
  )
}
