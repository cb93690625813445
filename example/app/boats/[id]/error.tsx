'use client'

import Link from 'next/link'
import { useRequestId } from '../../../components/request-id'

export default function BoatError() {
  const id = useRequestId()
  return (
    <>
      <h1>Something went wrong</h1>
      <p className="lead">
        It is not you, it is us. The page of this boat threw an error, and Next shows this in its
        place.
      </p>
      <p>
        The log of the server says more, at request <code>{id}</code>.
      </p>
      <p>
        <Link href="/boats">All boats</Link>
      </p>
    </>
  )
}
