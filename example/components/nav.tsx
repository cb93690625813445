'use client'

import Link from 'next/link'
import { usePathname } from 'next/navigation'

const pages = [
  { href: '/stream', label: 'Streaming' },
  { href: '/guestbook', label: 'Guestbook' },
  { href: '/boats', label: 'Boats' },
  { href: '/process', label: 'Process' },
  { href: '/account', label: 'Account' }
]

export function Nav() {
  const pathname = usePathname()
  return (
    <nav className="nav" aria-label="Pages">
      <Link className="brand" href="/" aria-current={pathname === '/' ? 'page' : undefined}>
        fastify-next
      </Link>
      {pages.map(({ href, label }) => (
        <Link key={href} href={href} aria-current={pathname === href ? 'page' : undefined}>
          {label}
        </Link>
      ))}
    </nav>
  )
}
