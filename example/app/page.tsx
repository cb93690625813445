import Image from 'next/image'
import Link from 'next/link'
import { AskBoth } from '../components/ask-both'
import { Counter } from '../components/counter'
import twoInOneBoat from '../images/two-in-one-boat.jpg'

const pages = [
  {
    href: '/stream',
    name: 'Streaming',
    about: 'The page is there at once, its slow part follows in the same response.'
  },
  {
    href: '/guestbook',
    name: 'Guestbook',
    about: 'A form that posts to a Server Action, with or without JavaScript.'
  },
  {
    href: '/boats',
    name: 'Boats',
    about: 'Data of Fastify on a page of Next. One boat is missing, and one has sunk.'
  },
  {
    href: '/process',
    prefetch: false,
    name: 'Process',
    about: 'A page of the Pages Router. It shows that all of this is one process.'
  },
  {
    href: '/account',
    name: 'Account',
    about: 'Sign in: Fastify keeps the session, and Next shows who you are.'
  },
  {
    href: '/visits',
    prefetch: false,
    name: 'Visits',
    about: 'A page that goes on working after its answer, and that a restart waits for.'
  },
  {
    href: '/nowhere',
    prefetch: false,
    name: 'Nowhere',
    about: 'An address that neither of the two knows, and what they say to it.'
  }
]

export default function Home() {
  return (
    <>
      <h1>Next.js inside Fastify</h1>
      <p className="lead">
        One Node process on one port. Fastify answers the routes it has, and hands every other
        request to this Next app.
      </p>

      <Image
        className="picture"
        src={twoInOneBoat}
        alt="A boat with two sails on a calm bay, and the sun going down behind the hills"
        sizes="(min-width: 46rem) 43.5rem, 100vw"
        placeholder="blur"
        loading="eager"
        fetchPriority="high"
      />

      <section className="card">
        <h2>A client component</h2>
        <p>The server sent it as HTML. In the browser React takes over, and the button counts.</p>
        <Counter />
      </section>

      <section className="card">
        <h2>Two APIs, one origin</h2>
        <p>
          The first path is a route of Fastify, the second a route handler of Next. They share the
          port, so there is no CORS and no proxy between them.
        </p>
        <AskBoth />
      </section>

      <h2>More pages</h2>
      <ul className="links">
        {pages.map(({ name, about, ...link }) => (
          <li key={link.href}>
            <Link className="card" {...link}>
              <strong>{name}</strong>
              <span>{about}</span>
            </Link>
          </li>
        ))}
      </ul>
    </>
  )
}
