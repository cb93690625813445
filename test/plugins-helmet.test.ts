import helmet from '@fastify/helmet'
import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { noBrowser, openBrowser, openPage } from './helpers/browser.js'
import { serve } from './helpers/serve.js'

const DYNAMIC = ['/dynamic?q=own', '/stream', '/own', '/legacy']

async function registerHelmet(fastify: FastifyInstance): Promise<void> {
  await fastify.register(helmet, {
    enableCSPNonces: true,
    contentSecurityPolicy: {
      // The test speaks http.
      directives: { 'script-src': ["'self'"], 'upgrade-insecure-requests': null }
    }
  })
}

function addOwnPage(fastify: FastifyInstance): void {
  fastify.get('/own', (_request, reply) => reply.nextRender('/dynamic'))
}

t.test('the scripts of dynamic pages have the nonce of the policy', async t => {
  const { url } = await serve(t, { before: registerHelmet, after: addOwnPage })
  const nonces = new Set<string>()
  for (const path of DYNAMIC) {
    const response = await fetch(`${url}${path}`)
    const [, nonce = ''] =
      response.headers.get('content-security-policy')?.match(/'nonce-(.+?)'/) ?? []
    t.ok(nonce, path)
    nonces.add(nonce)
    const scripts = (await response.text()).match(/<script.*?>/g) ?? []
    t.ok(scripts.length > 1, path)
    for (const script of scripts) t.match(script, `nonce="${nonce}"`)
  }
  t.equal(nonces.size, DYNAMIC.length, 'each answer has its own')
})

t.test('a policy that only reports, and one of a hook', async t => {
  for (const name of ['content-security-policy', 'content-security-policy-report-only']) {
    const { url } = await serve(t, {
      before: fastify =>
        fastify.addHook('onRequest', async (_request, reply) => {
          reply.header(name, "script-src 'nonce-YWJj'")
        })
    })
    t.match(await (await fetch(`${url}/dynamic`)).text(), '<script nonce="YWJj"', name)
  }
})

t.test('a prerendered page has no nonce, which is logged once', async t => {
  const warnings: string[] = []
  const stream = { write: (line: string) => void warnings.push(JSON.parse(line).msg) }
  const { url } = await serve(t, {
    before: registerHelmet,
    server: { logger: { level: 'warn', stream } }
  })
  await (await fetch(`${url}/dynamic`)).text()
  t.strictSame(warnings, [])
  for (let request = 1; request <= 2; request++) await (await fetch(`${url}/static`)).text()
  t.match(warnings, [/\/static.*prerendered/])
  t.equal(warnings.length, 1)
})

t.test('a browser runs the scripts without a violation', { skip: noBrowser }, async t => {
  const { url } = await serve(t, { before: registerHelmet, after: addOwnPage })
  const browser = await openBrowser(t)
  for (const path of DYNAMIC) {
    const { page, problems } = await openPage(browser)
    await page.goto(`${url}${path}`)
    await page.waitForFunction('window.next?.version')
    await page.waitForLoadState('networkidle')
    t.strictSame(
      problems.filter(problem => !problem.includes('favicon') && !problem.includes('404')),
      [],
      path
    )
    await page.close()
  }
  const { page, problems } = await openPage(browser)
  await page.goto(`${url}/static`)
  t.match(problems.join(), 'Content Security Policy', 'which blocks what has none')
  await page.close()
})
