import { execFileSync, spawn } from 'node:child_process'
import { cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Serves files by nginx from a directory below `work`, with gzip made before; returns the process. */
export function startNginx(work, port, files) {
  const root = join(work, 'root')
  for (const { from, path } of files) {
    const to = join(root, path)
    mkdirSync(join(to, '..'), { recursive: true })
    cpSync(from, to)
    execFileSync('gzip', ['-9', '-k', '-f', to])
  }
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map(name => `${name}_temp_path ${work};`)
    .join(' ')
  const config = join(work, 'nginx.conf')
  writeFileSync(
    config,
    `daemon off; worker_processes 1; pid ${work}/nginx.pid; error_log ${work}/error.log;
events {}
http {
  access_log off; sendfile on; tcp_nopush on; open_file_cache max=100; ${temporary}
  default_type text/html; types { application/javascript js; }
  server { listen 127.0.0.1:${port}; root ${root}; gzip_static on; keepalive_requests 1000000; }
}`
  )
  return spawn('nginx', ['-c', config], { stdio: ['ignore', 'ignore', 'inherit'] })
}
