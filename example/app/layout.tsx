import type { Metadata } from 'next'
import type { ReactNode } from 'react'
import { Shell } from '../components/shell'
import './globals.css'

export const metadata: Metadata = {
  title: { default: 'fastify-next example', template: '%s · fastify-next example' },
  description: 'A Next.js app that runs inside a Fastify server.'
}

export default function RootLayout({ children }: { children: ReactNode }) {
  return (
    <html lang="en">
      <body>
        <Shell>{children}</Shell>
      </body>
    </html>
  )
}
