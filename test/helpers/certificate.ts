import { execFileSync } from 'node:child_process'

/** Both in PEM. */
interface Certificate {
  cert: string
  key: string
}

let made: Certificate | undefined

/** A certificate for 127.0.0.1 that has signed itself: Node can't make one, so `openssl` does. */
export function certificate(): Certificate {
  made ??= make()
  return made
}

function make(): Certificate {
  const pem = execFileSync(
    'openssl',
    [
      ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'],
      ['-days', '2', '-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1'],
      ['-keyout', '-', '-out', '-']
    ].flat(),
    { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }
  )
  const block = (name: string): string => {
    const [found] = pem.match(new RegExp(`-----BEGIN ${name}-----[^]+?-----END ${name}-----`)) ?? []
    if (found === undefined) throw new Error(`openssl has written no ${name}`)
    return found
  }
  return { cert: block('CERTIFICATE'), key: block('PRIVATE KEY') }
}
