// Which path is answered by what. A component that does not run here is asked where it runs, when a flag says where;
// otherwise its paths say that it is missing.

import { defaultHttpClientConfig } from '@promlet/config'
import { type FastifyInstance, type FastifyReply, type FastifyRequest, sendText } from '@promlet/http'
import { ApiError, answer, type Handler } from './api/answer.ts'
import { askElsewhere } from './api/elsewhere.ts'
import { federateHandler } from './api/federate.ts'
import { formatQueryHandler, parseQueryHandler, queryHandler, queryRangeHandler } from './api/query.ts'
import { alertsHandler, rulesHandler } from './api/rules.ts'
import { labelNamesHandler, labelValuesHandler, seriesHandler } from './api/series.ts'
import { buildInfoHandler, configHandler, flagsHandler, runtimeInfoHandler } from './api/status.ts'
import { alertmanagersHandler, metadataHandler, scrapePoolsHandler, targetMetadataHandler, targetsHandler } from './api/targets.ts'
import { writeHandler } from './api/write.ts'
import type { Build } from './components.ts'

/** Adds `/api/v1/…` and `/federate`. */
export function registerApi(app: FastifyInstance, build: Build): void {
  const get = (path: string, handler: Handler) => app.get(`/api/v1${path}`, answer(handler))
  const both = (path: string, handler: Handler) => {
    get(path, handler)
    app.post(`/api/v1${path}`, answer(handler))
  }
  registerQueries(both, build)
  registerStore(app, get, both, build)
  registerScraper(app, get, build)
  registerRules(app, get, build)
  get('/status/config', configHandler(build))
  get('/status/flags', flagsHandler(build))
  get('/status/buildinfo', buildInfoHandler(build))
  get('/status/runtimeinfo', runtimeInfoHandler(build))
}

type Register = (path: string, handler: Handler) => void

function registerQueries(both: Register, { live, clock }: Build): void {
  const engine = part('something that answers queries', () => live.engine)
  both(
    '/query',
    engine((engine) => queryHandler({ engine, clock })),
  )
  both(
    '/query_range',
    engine((engine) => queryRangeHandler({ engine, clock })),
  )
  both('/format_query', formatQueryHandler)
  both('/parse_query', parseQueryHandler)
}

function registerStore(app: FastifyInstance, get: Register, both: Register, build: Build): void {
  const { live, clock, settings } = build
  const store = part('tsdb', () => live.store)
  both('/series', store(seriesHandler))
  both('/labels', store(labelNamesHandler))
  get('/label/:name/values', store(labelValuesHandler))
  app.post('/api/v1/write', writeHandler(build))
  app.get('/federate', (request, reply) => {
    if (live.store === undefined) return sendText(reply, 503, 'tsdb does not run in this process\n')
    const externalLabels = () => live.config.global.externalLabels
    return federateHandler({ queryable: live.store, clock, lookbackMs: settings.query.lookbackMs, externalLabels })(request, reply)
  })
}

function registerScraper(app: FastifyInstance, get: Register, build: Build): void {
  const { live, settings } = build
  const scraper = part('scraper', () => live.scraper)
  const routes = {
    '/targets': scraper(targetsHandler),
    '/targets/metadata': scraper(targetMetadataHandler),
    '/scrape_pools': scraper(scrapePoolsHandler),
    '/metadata': metadataHandler(live),
  }
  registerHereOrElsewhere(app, get, build, routes, settings.components.has('scraper') ? undefined : settings.elsewhere.scraper)
}

function registerRules(app: FastifyInstance, get: Register, build: Build): void {
  const { live, settings } = build
  const rules = part('rule-engine', () => live.ruleEngine)
  const notifier = part('rule-engine', () => live.notifier)
  const routes = {
    '/rules': rules((engine) => rulesHandler(() => engine.groups())),
    '/alerts': rules((engine) => alertsHandler(() => engine.groups())),
    '/alertmanagers': notifier(alertmanagersHandler),
  }
  registerHereOrElsewhere(app, get, build, routes, settings.components.has('rule-engine') ? undefined : settings.elsewhere.ruleEngine)
}

function registerHereOrElsewhere(
  app: FastifyInstance,
  get: Register,
  { httpClient }: Build,
  routes: Readonly<Record<string, Handler>>,
  url: string | undefined,
): void {
  if (url === undefined) {
    for (const [path, handler] of Object.entries(routes)) get(path, handler)
    return
  }
  const client = httpClient(defaultHttpClientConfig)
  app.addHook('onClose', () => client.close())
  for (const path of Object.keys(routes)) app.get(`/api/v1${path}`, askElsewhere(client, url))
}

/** Makes handlers that need a part: it is looked up at each request, as a reload may replace it. */
function part<T>(name: string, find: () => T | undefined): (make: (found: T) => Handler) => Handler {
  return (make) => (request: FastifyRequest, reply: FastifyReply) => {
    const found = find()
    if (found === undefined) throw new ApiError('unavailable', `${name} does not run in this process`)
    return make(found)(request, reply)
  }
}
