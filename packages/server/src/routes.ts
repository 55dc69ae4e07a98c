// Which path is answered by what. A component that does not run here is asked where it runs, when a flag says where;
// otherwise its paths say that it is missing.

import { defaultHttpClientConfig } from '@promlet/config'
import { type FastifyInstance, type FastifyReply, type FastifyRequest, sendText } from '@promlet/http'
import type { Logger } from '@promlet/telemetry'
import { adminOnly, cleanTombstonesHandler, deleteSeriesHandler, snapshotHandler } from './api/admin.ts'
import { ApiError, answer, type Handler } from './api/answer.ts'
import { askElsewhere } from './api/elsewhere.ts'
import { exemplarsHandler } from './api/exemplars.ts'
import { explainHandler } from './api/explain.ts'
import { featuresHandler } from './api/features.ts'
import { federateHandler } from './api/federate.ts'
import { metadataHandler, targetMetadataHandler } from './api/metadata.ts'
import { liveNotificationsHandler, notificationsHandler } from './api/notifications.ts'
import { formatQueryHandler, parseQueryHandler, queryHandler, queryRangeHandler } from './api/query.ts'
import { readHandler } from './api/read.ts'
import { alertsHandler, rulesHandler } from './api/rules.ts'
import { labelNamesHandler, labelValuesHandler, seriesHandler } from './api/series.ts'
import { buildInfoJson, configHandler, flagsHandler, runtimeInfoHandler, walReplayHandler } from './api/status.ts'
import { alertmanagersHandler, scrapePoolsHandler, targetsHandler } from './api/targets.ts'
import { tsdbBlocksHandler, tsdbStatusHandler } from './api/tsdb-status.ts'
import { writeHandler } from './api/write.ts'
import type { Build } from './components.ts'
import { readFeatureFlags } from './feature-flags.ts'
import { lookIn } from './long-queries/look.ts'

const PREFIX = '/api/v1'

/** Adds `/api/v1/…`, `/federate` and `/version`. */
export function registerApi(app: FastifyInstance, build: Build): void {
  const router = createRouter(app, build.logger.child({ component: 'web' }))
  registerQueries(router, build)
  registerStore(router, build)
  registerAdmin(router, build)
  registerRemote(app, build)
  registerScraper(app, router, build)
  registerRules(app, router, build)
  registerStatus(app, router, build)
}

/** Adds handlers below `/api/v1`; `both` is GET and POST. */
interface Router {
  get(path: string, handler: Handler): void
  both(path: string, handler: Handler): void
  change(path: string, handler: Handler): void
}

function createRouter(app: FastifyInstance, logger: Logger): Router {
  const add = (method: string[], path: string, handler: Handler) =>
    void app.route({ method, url: `${PREFIX}${path}`, handler: answer(handler, logger) })
  return {
    get: (path, handler) => add(['GET'], path, handler),
    both: (path, handler) => add(['GET', 'POST'], path, handler),
    change: (path, handler) => add(['POST', 'PUT'], path, handler),
  }
}

function registerQueries({ both }: Router, { live, clock, settings }: Build): void {
  const flags = readFeatureFlags(settings.features)
  const parts = { clock, timeoutMs: settings.query.timeoutMs, perStepStats: flags.perStepStats }
  const engine = part('something that answers queries', () => live.engine)
  both(
    '/query',
    engine((engine) => queryHandler({ engine, ...parts })),
  )
  both(
    '/query_range',
    engine((engine) => queryRangeHandler({ engine, ...parts })),
  )
  both(
    '/explain',
    engine((engine) => explainHandler({ engine, ...parts })),
  )
  both('/format_query', formatQueryHandler(flags.engine.syntax))
  both('/parse_query', parseQueryHandler(flags.engine.syntax))
}

function registerStore({ get, both }: Router, { live }: Build): void {
  const store = part('tsdb', () => live.store)
  const look = part('tsdb', () => lookIn(live))
  both('/series', look(seriesHandler))
  both('/labels', look(labelNamesHandler))
  get('/label/:name/values', look(labelValuesHandler))
  both('/query_exemplars', store(exemplarsHandler))
  get('/status/tsdb', store(tsdbStatusHandler))
  get('/status/tsdb/blocks', store(tsdbBlocksHandler))
}

function registerAdmin({ change }: Router, { live, settings, clock }: Build): void {
  const store = part('tsdb', () => live.store)
  const add = (path: string, handler: Handler) => change(`/admin/tsdb${path}`, adminOnly(handler, settings.web.enableAdminApi))
  add('/delete_series', store(deleteSeriesHandler))
  add('/clean_tombstones', store(cleanTombstonesHandler))
  const place = { path: settings.storage.path, clock }
  add(
    '/snapshot',
    store((store) => snapshotHandler(store, place)),
  )
}

function registerRemote(app: FastifyInstance, build: Build): void {
  const { live, clock, settings } = build
  app.post(`${PREFIX}/write`, writeHandler(build))
  app.post(`${PREFIX}/read`, readHandler(build))
  app.get('/federate', (request, reply) => {
    const look = lookIn(live)
    if (look === undefined) return sendText(reply, 503, 'tsdb does not run in this process\n')
    const { externalLabels } = live.config.global
    return federateHandler({ look, clock, lookbackMs: settings.query.lookbackMs, externalLabels })(request, reply)
  })
}

function registerScraper(app: FastifyInstance, router: Router, build: Build): void {
  const { live, settings, externalUrl } = build
  const scraper = part('scraper', () => live.scraper)
  const own = { externalUrl, listenAddress: settings.web.listenAddress ?? '' }
  const routes = {
    '/targets': scraper((scraper) => targetsHandler(scraper, own)),
    '/targets/metadata': scraper(targetMetadataHandler),
    '/scrape_pools': scraper(scrapePoolsHandler),
    '/metadata': metadataHandler(live),
  }
  registerHereOrElsewhere(app, router, build, routes, settings.components.has('scraper') ? undefined : settings.elsewhere.scraper)
}

function registerRules(app: FastifyInstance, router: Router, build: Build): void {
  const { live, settings } = build
  const rules = part('rule-engine', () => live.ruleEngine)
  const notifier = part('rule-engine', () => live.notifier)
  const routes = {
    '/rules': rules((engine) => rulesHandler(() => engine.groups())),
    '/alerts': rules((engine) => alertsHandler(() => engine.groups())),
    '/alertmanagers': notifier(alertmanagersHandler),
  }
  registerHereOrElsewhere(app, router, build, routes, settings.components.has('rule-engine') ? undefined : settings.elsewhere.ruleEngine)
}

function registerStatus(app: FastifyInstance, { get }: Router, build: Build): void {
  const buildInfo = buildInfoJson(build.settings)
  get('/status/config', configHandler(build))
  get('/status/flags', flagsHandler(build))
  get('/status/buildinfo', () => ({ data: buildInfo }))
  get('/status/runtimeinfo', runtimeInfoHandler(build))
  get('/status/walreplay', walReplayHandler)
  get('/features', featuresHandler(build.settings))
  get('/notifications', notificationsHandler(build))
  get('/notifications/live', liveNotificationsHandler)
  app.get('/version', (_request, reply) => reply.type('text/plain; charset=utf-8').send(`${buildInfo}\n`))
}

function registerHereOrElsewhere(
  app: FastifyInstance,
  { get }: Router,
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
  for (const path of Object.keys(routes)) app.get(`${PREFIX}${path}`, askElsewhere(client, url))
}

/** Makes handlers that need a part: it is looked up at each request, as a reload may replace it. */
function part<T>(name: string, find: () => T | undefined): (make: (found: T) => Handler) => Handler {
  return (make) => (request: FastifyRequest, reply: FastifyReply) => {
    const found = find()
    if (found === undefined) throw new ApiError('unavailable', `${name} does not run in this process`)
    return make(found)(request, reply)
  }
}
