import type { Metadata } from 'next'
import type { ReactNode } from 'react'
import { Nav } from '../components/nav'
import './globals.css'

export const metadata: Metadata = {
  title: { default: 'fastify-next example', template: '%s · fastify-next example' },
  description: 'A Next.js app that runs inside a Fastify server.'
}

export default function RootLayout({ children }: { children: ReactNode }) {
  return (
    <html lang="en">
      <body>
        <header className="header">
          <Nav />
        </header>
        <main className="main">{children}</main>
        <footer className="footer">
          The example app of <code>fastify-next</code>: Next.js inside Fastify, in one process.
        </footer>
      </body>
    </html>
  )
}
