'use client'

import Link from 'next/link'
import { usePathname } from 'next/navigation'

const pages = [
  { href: '/stream', label: 'Streaming' },
  { href: '/guestbook', label: 'Guestbook' },
  { href: '/boats', label: 'Boats' },
  // It is of the other router, whose pages come as documents: nothing of it can be prefetched.
  { href: '/process', label: 'Process', prefetch: false }
]

export function Nav() {
  const pathname = usePathname()
  const current = (href: string) => (pathname === href ? 'page' : undefined)
  return (
    <nav className="nav" aria-label="Pages">
      <Link className="brand" href="/" aria-current={current('/')}>
        fastify-next
      </Link>
      <div className="pages">
        {pages.map(({ label, ...link }) => (
          <Link key={link.href} {...link} aria-current={current(link.href)}>
            {label}
          </Link>
        ))}
      </div>
      <Link href="/account" aria-current={current('/account')}>
        Account
      </Link>
    </nav>
  )
}
