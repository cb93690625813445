import Link from 'next/link'
import { AskBoth } from '../components/ask-both'
import { Counter } from '../components/counter'

export default function Home() {
  return (
    <>
      <h1>Next.js inside Fastify</h1>
      <p className="lead">
        One Node process on one port. Fastify answers the routes it has, and hands every other
        request to this Next app.
      </p>

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
        <li>
          <Link className="card" href="/stream">
            <strong>Streaming</strong>
            <span>The page is there at once, its slow part follows in the same response.</span>
          </Link>
        </li>
        <li>
          <Link className="card" href="/guestbook">
            <strong>Guestbook</strong>
            <span>A form that posts to a Server Action, with or without JavaScript.</span>
          </Link>
        </li>
      </ul>
    </>
  )
}
