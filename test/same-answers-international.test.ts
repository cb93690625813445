import t from 'tap'
import { count } from './helpers/lane.js'
import { sameAnswers } from './same-answers/app.js'
import { loadAssets } from './same-answers/renewal.js'
import { sendBadInputs } from './same-answers/sockets.js'
import { FORWARDED, type Headers } from './same-answers/variants.js'

const LOCALES = ['', '/fr', '/de', '/de-AT', '/ja', '/en', '/FR', '/xx']
const PAGES = ['', '/static', '/props', '/posts/1', '/posts/missing', '/nowhere']

const ROUTES = [
  '/',
  ...LOCALES.flatMap(locale => PAGES.map(page => locale + page)).filter(Boolean),
  '/ja/posts/%E6%97%A5%E6%9C%AC',
  '/posts/%E6%97%A5%E6%9C%AC',
  '/props?redirect=1',
  '/fr/props?redirect=1',
  '/de/props?missing=1',
  '/old',
  '/fr/old',
  '/de/alt',
  '/instead',
  '/de/instead',
  '/ja/other',
  '/api/echo',
  '/fr/api/echo',
  '/file.txt',
  '/fr/file.txt',
  '/_next/data/same/index.json',
  '/_next/data/same/fr.json',
  '/_next/data/same/fr/static.json',
  '/_next/data/same/en/props.json',
  '/_next/data/same/props.json'
]

const HEADERS: readonly Headers[] = [
  { Cookie: 'NEXT_LOCALE=fr' },
  { Cookie: 'NEXT_LOCALE=xx', 'Accept-Language': 'ja' },
  { 'Accept-Language': 'fr' },
  { 'Accept-Language': 'xx, de-AT;q=0.9, fr;q=0.8' },
  { 'Accept-Language': '*' },
  { 'Accept-Language': 'malformed;;q=,' },
  { Host: 'fr.example' },
  { Host: 'fr.example:8080', 'Accept-Language': 'de' },
  { Host: 'de.example' },
  { Host: 'de.example', Cookie: 'NEXT_LOCALE=en', 'Accept-Language': 'fr' },
  { Host: 'de.example', 'X-Nextjs-Data': '1' }
]

t.setTimeout(count(120_000, 1_800_000))

t.test('the plugin answers as next start does: locales', t =>
  sameAnswers(t, {
    name: 'international',
    headers: [...HEADERS, ...FORWARDED],
    routes: ROUTES,
    trustProxy: true,
    async more(check, servers) {
      for (const path of ['/', '/fr', '/props', '/?a=1']) {
        for (const headers of HEADERS) await check.request({ method: 'GET', path, headers })
      }
      await loadAssets(check, '/fr')
      await sendBadInputs(check, servers)
    }
  })
)
