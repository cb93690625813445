const KEPT = 'keepalive 32;\n  keepalive_timeout 60s;'

/**
 * The upstream.conf of nginx for processes that are ready. What a page asks for is answered by a process of
 * its own deployment as long as there is one: only that has all the actions and pictures of the page, and
 * only its answers fit without a reload of the page.
 */
export function upstreams(servers) {
  const deployments = [...new Set(servers.map(({ deployment }) => deployment))]
  const groups = deployments.map(deployment => {
    // A process of another deployment is better than none.
    const members = servers.map(server =>
      member(server, server.deployment === deployment ? '' : ' backup')
    )
    return group(nameOf(deployment), members)
  })
  const choices = deployments.map(deployment => `  "${deployment}" ${nameOf(deployment)};`)
  return [
    group(
      'app',
      servers.map(server => member(server))
    ),
    ...groups,
    `map $page_deployment $app {\n  default app;\n${choices.join('\n')}\n}\n`
  ].join('\n')
}

const nameOf = deployment => `app_${deployment}`

const member = ({ port }, role = '') => `  server 127.0.0.1:${port} fail_timeout=2s${role};`

const group = (name, members) => `upstream ${name} {\n${members.join('\n')}\n  ${KEPT}\n}\n`
