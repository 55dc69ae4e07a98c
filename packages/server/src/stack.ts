// The only place that knows all concrete classes: starts the components that were asked for, connects them by their
// ports, or by Prometheus's protocols where one runs elsewhere, and stops them in reverse order.

import { hostname } from 'node:os'
import { isSameConfig, type PrometheusConfig } from '@promlet/config'
import { createHttpClientFactory, type FastifyInstance, formatAddress, type HttpClientFactory, parseListenAddress } from '@promlet/http'
import type { Clock } from '@promlet/model'
import type { Logger } from '@promlet/telemetry'
import { applyConfig } from './apply-config.ts'
import { type Build, openQueries, openStorage, startAlerting, startGateway, startRules, startScraping } from './components.ts'
import type { Live } from './live.ts'
import { readConfig } from './read-config.ts'
import { createRegistries } from './registries.ts'
import { reloadMetrics } from './reload-metrics.ts'
import type { StackSettings } from './settings.ts'
import type { Web, WebOptions } from './web.ts'

export interface StackOptions {
  readonly clock: Clock
  readonly logger: Logger
  /** How targets, receivers and Alertmanagers are reached; sockets by default. */
  readonly httpClient?: HttpClientFactory
  /** Instead of reading `settings.configFile`. */
  readonly config?: PrometheusConfig
  /** Called by `POST /-/quit`. */
  onQuit?(): void
}

/** A running stack. */
export interface Stack {
  /** Where the API and the page are; undefined without a port. */
  readonly url: string | undefined
  readonly pushgatewayUrl: string | undefined
  /** Answers requests without a socket; undefined where only the Pushgateway runs. */
  readonly app: FastifyInstance | undefined
  readonly live: Readonly<Live>
  /** True once everything runs, until `close`. */
  ready(): boolean
  /**
   * Takes a configuration over: the given one, or the file read again. What did not change keeps running as it was.
   * @throws ConfigError with everything that is wrong; then nothing has changed.
   */
  reload(config?: PrometheusConfig): Promise<void>
  /** Stops everything, upper components first. A second call waits for the first. */
  close(): Promise<void>
}

/**
 * Starts the components of `settings.components`, lower ones first.
 * @throws ConfigError, HttpServerError, DatabaseError or StackError, with one clear message; then nothing is left open.
 */
export async function startStack(settings: StackSettings, options: StackOptions): Promise<Stack> {
  const { clock, logger } = options
  const config = options.config ?? (await readConfig(settings.configFile))
  const live: Live = { config, lastReload: { ok: true, at: clock.now() } }
  const registries = createRegistries(settings.components)
  const httpClient = options.httpClient ?? createHttpClientFactory({ clock })
  const quit = () => options.onQuit?.()
  const shared = { settings, clock, logger, httpClient, registries, live, quit }
  const build: Build = { ...shared, startedAt: clock.now(), externalUrl: externalUrl(settings) }
  reloadMetrics(registries.server, live)
  const reload = oneAtATime((next?: PrometheusConfig) => reloadStack(build, next))
  let isReady = false
  let closing: Promise<void> | undefined

  const opened = new AsyncDisposableStack()
  const close = () => {
    isReady = false
    closing ??= opened.disposeAsync()
    return closing
  }
  try {
    for (const step of [openStorage, openQueries]) opened.defer(await step(build))
    const lifecycle = { reload: () => reload(), quit }
    const web = hasWeb(settings) ? await startWeb(build, { ready: () => isReady, lifecycle }) : undefined
    // A request is waited for; one with a long query is not.
    if (web !== undefined) opened.defer(async () => void (await Promise.all([live.queryWorkers?.close(), web.close()])))
    for (const step of [startGateway, startAlerting, startRules, startScraping]) opened.defer(await step(build))
    isReady = true
    return { url: web?.url, pushgatewayUrl: gatewayUrl(live), app: web?.app, live, ready: () => isReady, reload, close }
  } catch (error) {
    await close()
    throw error
  }
}

/** Loaded only here: a Pushgateway alone has no need of the API's and the query language's many files. */
async function startWeb(build: Build, options: WebOptions): Promise<Web> {
  const { openWeb } = await import('./web.ts')
  return await openWeb(build, options)
}

/** Everything but a Pushgateway alone has the API. */
function hasWeb({ components }: StackSettings): boolean {
  return components.size > 1 || !components.has('pushgateway')
}

/** Reads, compares, applies. Whatever fails while reading, nothing has changed. */
async function reloadStack(build: Build, given: PrometheusConfig | undefined): Promise<void> {
  const { live, clock, logger, settings } = build
  try {
    const next = given ?? (await readConfig(settings.configFile))
    if (!isSameConfig(next, live.config)) await applyConfig(build, next)
    live.lastReload = { ok: true, at: clock.now() }
    logger.info({ file: settings.configFile }, 'Configuration loaded')
  } catch (error) {
    live.lastReload = { ...live.lastReload, ok: false, failedAt: clock.now() }
    logger.error({ err: error, file: settings.configFile }, 'Configuration not loaded, nothing has changed')
    throw error
  }
}

function oneAtATime<A extends readonly unknown[]>(work: (...args: A) => Promise<void>): (...args: A) => Promise<void> {
  let last: Promise<void> = Promise.resolve()
  return (...args) => {
    last = last.catch(() => {}).then(() => work(...args))
    return last
  }
}

function externalUrl({ web }: StackSettings): string {
  if (web.externalUrl !== undefined) return web.externalUrl
  const { host, port } = parseListenAddress(web.listenAddress ?? 'localhost:9090')
  // An address that stands for all interfaces is no name to reach this machine by.
  const name = host === '0.0.0.0' || host === '::' || host === '' ? hostname() : host
  return `http://${formatAddress(name, port)}${web.routePrefix === '/' ? '' : web.routePrefix}`
}

function gatewayUrl({ pushgateway }: Live): string | undefined {
  const at = pushgateway?.address
  return at === undefined ? undefined : `http://${formatAddress(at.address, at.port)}`
}
