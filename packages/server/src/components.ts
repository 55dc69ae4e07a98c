// One function per step of starting up. Each puts what it started into `live` and gives the function that stops it;
// stopping goes through `live`, as a reload may have replaced the part. A step loads what it starts only when it is
// asked for: a process that runs one component starts in half the time.

import type { PrometheusConfig, StorageConfig } from '@promlet/config'
import type { HttpClientFactory } from '@promlet/http'
import { type Appendable, type Clock, type Millis, type Queryable, systemClock } from '@promlet/model'
import type { Logger } from '@promlet/telemetry'
import type { Store } from '@promlet/tsdb'
import { engineMetrics } from './engine-metrics.ts'
import { readFeatureFlags } from './feature-flags.ts'
import { type Live, StackError } from './live.ts'
import { createQueryWorkers, type QueryWorkers } from './long-queries/query-workers.ts'
import type { Registries } from './registries.ts'
import type { QuerySettings, StackSettings } from './settings.ts'

/** What the steps work with. */
export interface Build {
  readonly settings: StackSettings
  readonly clock: Clock
  readonly logger: Logger
  readonly httpClient: HttpClientFactory
  readonly registries: Registries
  readonly live: Live
  readonly startedAt: Millis
  /** Without a slash at the end. */
  readonly externalUrl: string
  /** What `/-/quit` of a component with a port of its own does. */
  quit(): void
}

type Stop = () => Promise<void>

/** The store, and where scrapes and rules write: the store, the endpoints of `remote_write`, or both. */
export async function openStorage(build: Build): Promise<Stop> {
  const { settings, clock, logger, registries, live } = build
  if (settings.components.has('tsdb')) {
    const { openStore } = await import('@promlet/tsdb')
    const { path } = settings.storage
    live.store = await openStore({
      path,
      clock,
      logger: logger.child({ component: 'tsdb' }),
      registry: registries.tsdb,
      ...storageOptions(build, live.config.storage),
    })
  }
  await openRemote(build)
  await openReads(build)
  return async () => {
    await Promise.all([live.remote?.close(), live.remoteRead?.close()])
    await live.store?.close()
  }
}

/** What of the store can change at a reload; the file wins over the flags. */
export function storageOptions({ settings }: Build, storage: StorageConfig) {
  return {
    retentionTimeMs: storage.retentionTimeMs ?? settings.storage.retentionTimeMs,
    retentionSizeBytes: storage.retentionSizeBytes ?? settings.storage.retentionSizeBytes,
    outOfOrderTimeWindowMs: storage.outOfOrderTimeWindowMs,
    exemplarsMax: storage.exemplarsMax,
  }
}

/** Starts remote write when there are endpoints, and says where samples go. */
export async function openRemote(build: Build): Promise<void> {
  const { clock, logger, registries, httpClient, live, settings } = build
  if (live.config.remoteWrite.length > 0) {
    const { startRemoteWrite } = await import('@promlet/remote')
    live.remote = await startRemoteWrite({
      ...remoteOf(live.config),
      clock,
      logger: logger.child({ component: 'remote' }),
      registry: registries.remote,
      httpClient,
      flushDeadlineMs: settings.remoteFlushDeadlineMs,
    })
  } else delete live.remote
  const targets: Appendable[] = [live.store, live.remote].filter((target) => target !== undefined)
  const [primary, ...others] = targets
  if (primary === undefined) delete live.appendable
  else live.appendable = others.length === 0 ? primary : (await import('@promlet/remote')).fanOut(primary, others)
}

/** Starts remote read when there are servers to ask, takes a change over, and ends it when there are none any more. */
export async function openReads(build: Build): Promise<void> {
  const { clock, registries, httpClient, live } = build
  const { store, remoteRead } = live
  if (store === undefined) return
  live.queryable ??= readsOf(live, store)
  const settings = { config: live.config.remoteRead, externalLabels: live.config.global.externalLabels }
  if (settings.config.length === 0) {
    delete live.remoteRead
    await remoteRead?.close()
  } else if (remoteRead === undefined) {
    const { startRemoteRead } = await import('@promlet/remote')
    live.remoteRead = startRemoteRead({ ...settings, clock, registry: registries.remote, httpClient, store })
  } else {
    await remoteRead.reload(settings)
  }
}

function readsOf(live: Live, store: Store): Queryable {
  const now = () => live.remoteRead?.queryable ?? store
  return {
    select: (selections, options) => now().select(selections, options),
    series: (range, matcherSets, options) => now().series(range, matcherSets, options),
    labelNames: (range, matcherSets, options) => now().labelNames(range, matcherSets, options),
    labelValues: (name, range, matcherSets, options) => now().labelValues(name, range, matcherSets, options),
  }
}

export function remoteOf({ remoteWrite, global }: PrometheusConfig) {
  return { config: remoteWrite, externalLabels: global.externalLabels }
}

/** The engine over the store, or the server elsewhere that answers queries. */
export async function openQueries(build: Build): Promise<Stop> {
  const { settings, clock, live, registries, httpClient } = build
  if (live.store !== undefined && live.queryable !== undefined) {
    const { createEngine } = await import('@promlet/promql')
    const query = { ...settings.query, features: { ...readFeatureFlags(settings.features).engine, ...settings.query.features } }
    const workers = openQueryWorkers(build, live.store, query)
    if (workers !== undefined) live.queryWorkers = workers
    live.engine = createEngine({
      queryable: live.queryable,
      clock,
      ...query,
      defaultSubqueryStepMs: () => live.config.global.evaluationIntervalMs,
      observe: engineMetrics(registries.server, clock, settings.query.maxConcurrency),
      // Threads read the store's file and nothing else.
      elsewhere: () => (live.remoteRead === undefined ? workers : undefined),
    })
    return async () => workers?.close()
  }
  const url = settings.elsewhere.query
  if (url === undefined) return async () => {}
  const { createQueryClient } = await import('@promlet/remote')
  const client = createQueryClient({ url, httpClient, timeoutMs: settings.query.timeoutMs })
  live.engine = client
  return () => client.close()
}

/** Threads read the store's file, and know no time but the machine's. */
function openQueryWorkers({ settings, clock, logger, live }: Build, store: Store, query: QuerySettings): QueryWorkers | undefined {
  const { path } = settings.storage
  if (path === ':memory:' || clock !== systemClock) return undefined
  const subqueryStepMs = () => live.config.global.evaluationIntervalMs
  return createQueryWorkers({ path, store, clock, logger: logger.child({ component: 'query' }), query, subqueryStepMs })
}

export async function startGateway({ settings, clock, logger, registries, live, quit }: Build): Promise<Stop> {
  if (!settings.components.has('pushgateway')) return async () => {}
  const { startPushgateway } = await import('@promlet/pushgateway')
  const { listenAddress, persistenceFile, configFile, ...options } = settings.pushgateway
  live.pushgateway = await startPushgateway({
    ...options,
    ...(listenAddress === undefined ? {} : { listenAddress }),
    ...(persistenceFile === undefined ? {} : { persistenceFile }),
    ...(configFile === undefined ? {} : { webConfigFile: configFile }),
    onQuit: quit,
    flags: settings.flags,
    clock,
    logger: logger.child({ component: 'pushgateway' }),
    registry: registries.pushgateway,
    version: settings.version,
  })
  return async () => live.pushgateway?.close()
}

/** The notifier: the queue of alerts and the Alertmanagers that it sends to. */
export async function startAlerting({ settings, clock, logger, registries, httpClient, live }: Build): Promise<Stop> {
  if (!settings.components.has('rule-engine')) return async () => {}
  const { startNotifier } = await import('@promlet/rule-engine')
  live.notifier = await startNotifier({
    config: alertingOf(live.config),
    clock,
    logger: logger.child({ component: 'notifier' }),
    registry: registries.workers,
    httpClient,
    ...settings.notifier,
  })
  return async () => live.notifier?.close()
}

export function alertingOf({ alerting, global }: PrometheusConfig) {
  return { alerting, externalLabels: global.externalLabels }
}

export async function startRules({ settings, clock, logger, registries, live, externalUrl }: Build): Promise<Stop> {
  if (!settings.components.has('rule-engine')) return async () => {}
  const { engine, notifier } = live
  if (engine === undefined || notifier === undefined) {
    throw new StackError(
      'incomplete',
      'the rule engine needs something that answers queries: run tsdb here too, or say --query.url=http://…',
    )
  }
  const { startRuleEngine } = await import('@promlet/rule-engine')
  live.ruleEngine = await startRuleEngine({
    config: rulesOf(live.config),
    engine,
    appendable: writableFor('rule engine', live),
    alertSink: notifier,
    clock,
    logger: logger.child({ component: 'rule-engine' }),
    registry: registries.workers,
    externalUrl,
    ...settings.rules,
  })
  return async () => live.ruleEngine?.close()
}

export function rulesOf({ ruleFiles, global }: PrometheusConfig) {
  const { evaluationIntervalMs, ruleQueryOffsetMs, externalLabels } = global
  return { ruleFiles, evaluationIntervalMs, queryOffsetMs: ruleQueryOffsetMs, externalLabels }
}

export async function startScraping({ settings, clock, logger, registries, httpClient, live }: Build): Promise<Stop> {
  if (!settings.components.has('scraper')) return async () => {}
  const { startScraper } = await import('@promlet/scraper')
  live.scraper = await startScraper({
    config: live.config.scrapeConfigs,
    appendable: writableFor('scraper', live),
    clock,
    logger: logger.child({ component: 'scraper' }),
    registry: registries.workers,
    httpClient,
    version: settings.version,
    externalLabels: live.config.global.externalLabels,
  })
  return async () => live.scraper?.close()
}

function writableFor(name: string, { appendable }: Live): Appendable {
  if (appendable !== undefined) return appendable
  throw new StackError('incomplete', `the ${name} has nowhere to write: run tsdb here too, or add a remote_write to the configuration`)
}
