import { getRenderData } from 'fastify-next/context'
import type { Metadata } from 'next'
import Link from 'next/link'
import { SailBoat } from '../../components/sail-boat'
import type { Boat } from './boat'

export const metadata: Metadata = { title: 'Boats' }

export default async function Boats() {
  const data = await getRenderData<{ fleet: Boat[] }>()
  return (
    <>
      <h1>Boats</h1>
      <p className="lead">
        A route of Fastify has the boats, and renders this page with them. It also answers with them
        as JSON, at <a href="/api/boats">/api/boats</a>.
      </p>
      <ul className="links">
        {data?.fleet.map(({ id, name, kind, sail }) => (
          <li key={id}>
            <Link className="card boat-link" href={`/boats/${id}`}>
              <SailBoat sail={sail} />
              <span>
                <strong>{name}</strong>
                {kind}
              </span>
            </Link>
          </li>
        ))}
      </ul>
      <h2>Not in the harbour</h2>
      {/* Without prefetch, or they would fail at the sight of their links. */}
      <ul className="plain">
        <li>
          <Link href="/boats/flying-dutchman" prefetch={false}>
            The Flying Dutchman
          </Link>
          : nobody has found her, and Fastify answers with the app’s page for that.
        </li>
        <li>
          <Link href="/boats/titanic" prefetch={false}>
            The Titanic
          </Link>
          : her route throws, and Fastify’s error handler answers with a page that says sorry.
        </li>
        <li>
          <Link href="/boats/mary-celeste" prefetch={false}>
            The Mary Celeste
          </Link>
          : her page finds no crew and throws, and Next shows the error page beside it.
        </li>
      </ul>
    </>
  )
}
