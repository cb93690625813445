import { getRenderData } from 'fastify-next/context'
import type { Metadata } from 'next'
import Link from 'next/link'
import { notFound } from 'next/navigation'
import { SailBoat } from '../../../components/sail-boat'
import type { Boat } from '../boat'

export async function generateMetadata(): Promise<Metadata> {
  const data = await getRenderData<{ boat: Boat }>()
  return { title: data?.boat.name }
}

export default async function BoatPage() {
  const data = await getRenderData<{ boat: Boat }>()
  if (!data) notFound()
  const { id, name, kind, sail, story } = data.boat
  return (
    <>
      <h1>{name}</h1>
      <p className="lead">{kind}</p>
      <section className="card boat-story">
        <SailBoat sail={sail} />
        <p>{story}</p>
      </section>
      <p className="note">
        The same as JSON: <a href={`/api/boats/${id}`}>/api/boats/{id}</a>
      </p>
      <p className="back">
        <Link href="/boats">All boats</Link>
      </p>
    </>
  )
}
