'use client'

import Link from 'next/link'
import { usePathname } from 'next/navigation'

const pages = [
  { href: '/', label: 'Home' },
  { href: '/stream', label: 'Streaming' },
  { href: '/guestbook', label: 'Guestbook' }
]

export function Nav() {
  const pathname = usePathname()
  return (
    <nav className="nav" aria-label="Pages">
      {pages.map(({ href, label }) => (
        <Link key={href} href={href} aria-current={pathname === href ? 'page' : undefined}>
          {label}
        </Link>
      ))}
    </nav>
  )
}
