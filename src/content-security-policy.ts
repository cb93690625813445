import type { IncomingHttpHeaders, ServerResponse } from 'node:http'
import type { FastifyBaseLogger, FastifyReply } from 'fastify'

const NAMES = ['content-security-policy', 'content-security-policy-report-only'] as const
/** They are on what Next has prerendered, in the App Router and in the Pages Router. */
const PRERENDERED = ['x-nextjs-prerender', 'x-nextjs-cache']

/** Shows Next the policy that hooks have set, so that its scripts get the nonce that is in it. */
export type PolicyPasser = (
  reply: FastifyReply,
  headers: IncomingHttpHeaders,
  response: ServerResponse
) => void

/** Next looks for the nonce in the request: next/dist/server/app-render/get-script-nonce-from-header.js. */
export function policyPasser(log: FastifyBaseLogger): PolicyPasser {
  let hasWarned = false
  const warnOnce = (path: string | undefined): void => {
    if (hasWarned) return
    hasWarned = true
    log.warn(
      `The scripts of ${path} have no nonce, since the page is prerendered: the browser blocks them. ` +
        'Make the page dynamic with "await connection()", or allow its scripts without a nonce.'
    )
  }

  return function passPolicy(reply, headers, response) {
    for (const name of NAMES) {
      // @fastify/helmet sets its headers on the raw response.
      const policy = reply.getHeader(name) ?? reply.raw.getHeader(name)
      if (policy === undefined) continue
      headers[name] = String(policy)
      if (!headers[name].includes("'nonce-")) continue
      response.once('finish', () => {
        if (PRERENDERED.some(header => response.hasHeader(header))) warnOnce(reply.request.url)
      })
    }
  }
}
