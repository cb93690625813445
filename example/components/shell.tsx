import type { ReactNode } from 'react'
import { Nav } from './nav'

/** What is around every page, those of the App Router and those of the Pages Router. */
export function Shell({ children }: { children: ReactNode }) {
  return (
    <div className="frame">
      <header className="header">
        <Nav />
      </header>
      <main className="main">{children}</main>
      <footer className="footer">
        The example app of <code>fastify-next</code>: Next.js inside Fastify, in one process.
      </footer>
    </div>
  )
}
