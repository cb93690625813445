import { getRenderData, getRequest } from 'fastify-next/context'
import type { Metadata } from 'next'
import Link from 'next/link'
import { notFound } from 'next/navigation'

export const metadata: Metadata = { title: 'Something went wrong' }

/** Fastify's error handler answers with this page. It has no address of its own. */
export default async function Sorry() {
  const failure = await getRenderData<{ status: number }>()
  if (!failure) notFound()
  const { id } = await getRequest()
  return (
    <>
      <h1>Something went wrong</h1>
      <p className="lead">
        {failure.status < 500
          ? 'Fastify could not make sense of this request.'
          : 'It is not you, it is us. Fastify has caught an error, and has answered with this page.'}
      </p>
      <p>
        The status is {failure.status}. The log of the server says more, at request{' '}
        <code>{id}</code>.
      </p>
      <p>
        <Link href="/">Back to the home page</Link>
      </p>
    </>
  )
}
