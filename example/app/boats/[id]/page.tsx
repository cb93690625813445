import { getFastify, getRenderData } from 'fastify-next/context'
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
  const crew = await crewOf(id)
  return (
    <>
      <h1>{name}</h1>
      <p className="lead">{kind}</p>
      <section className="card boat-story">
        <SailBoat sail={sail} />
        <p>{story}</p>
      </section>
      <h2>Crew</h2>
      <p>{crew.join(', ')}</p>
      <p className="note">
        The same as JSON: <a href={`/api/boats/${id}`}>/api/boats/{id}</a>, and{' '}
        <a href={`/api/boats/${id}/crew`}>/api/boats/{id}/crew</a>, which this page has asked.
      </p>
      <p className="back">
        <Link href="/boats">All boats</Link>
      </p>
    </>
  )
}

/** Asks a route of Fastify with all that it has around it, but without a connection. */
async function crewOf(id: string): Promise<string[]> {
  const fastify = await getFastify()
  const answer = await fastify.inject(`/api/boats/${id}/crew`)
  if (answer.statusCode !== 200) throw new Error(`No crew of ${id}: ${answer.body}`)
  return answer.json()
}
