import { createServer, type FastifyInstance, type HttpResponse, registerManagement, sendText } from '@promlet/http'
import type { Clock, Component, DurationMs } from '@promlet/model'
import { type Logger, METRICS_CONTENT_TYPE, type Registry } from '@promlet/telemetry'
import { registerApi, type StatusFacts } from './api.ts'
import { redirectUncleanPaths } from './clean-path.ts'
import { ownFamilies, writeExposition } from './exposition.ts'
import { Groups } from './groups.ts'
import { Intake } from './intake.ts'
import { createMetrics, type PushgatewayMetrics } from './metrics.ts'
import { openPersistence } from './persistence.ts'
import { Persister } from './persister.ts'
import { registerPush } from './push.ts'
import { registerStatusPage } from './status-page.ts'

export interface PushgatewayOptions {
  /** `host:port`, port 0 for any. Absent: no socket is opened and `inject` is the only way in. */
  readonly listenAddress?: string
  /** Where groups are kept; absent or empty: in memory only. */
  readonly persistenceFile?: string
  /** At least this long between two writes of the file; five minutes by default. */
  readonly persistenceIntervalMs?: DurationMs
  /** Adds `PUT /api/v1/admin/wipe`. */
  readonly enableAdminApi?: boolean
  /** Lets `PUT` and `POST /-/quit` stop it. */
  readonly enableLifecycle?: boolean
  /** Takes pushes that contradict each other; then `/metrics` fails until they are gone. */
  readonly disableConsistencyCheck?: boolean
  /** Metric and label names may be any UTF-8 text. */
  readonly enableUtf8Names?: boolean
  /** `/metrics` by default. */
  readonly telemetryPath?: string
  readonly routePrefix?: string
  /** TLS, headers and users (`--web.config.file`). */
  readonly webConfigFile?: string
  /** What the status page and API show, as on the command line. */
  readonly flags?: Readonly<Record<string, string>>
  readonly clock: Clock
  readonly logger: Logger
  /** For the gateway's own metrics; all that is in it is exposed beside what was pushed. */
  readonly registry: Registry
  /** Promlet's. */
  readonly version: string
  /** What `/-/quit` does; by default the gateway closes itself. */
  onQuit?(): void
}

/** Has nothing to reload: everything is set by flags. */
export interface Pushgateway extends Component<void> {
  /** Where it listens; undefined without a socket. */
  readonly address: { readonly address: string; readonly port: number } | undefined
  /** Answers a request without a socket. */
  inject(request: InjectedRequest): Promise<HttpResponse>
}

export interface InjectedRequest {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE' | 'PATCH' | 'OPTIONS'
  /** With the query, percent-encoded. */
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
}

/** The release whose behaviour it has. */
const ORIGINAL_VERSION = '1.11.1'
const PERSISTENCE_INTERVAL_MS = 300_000
const BODY_BYTES_MAX = 64 * 1024 * 1024
const READ_TIMEOUT_MS = 300_000
const CONNECTIONS_MAX = 4_096

/**
 * Starts a Pushgateway with the groups that its file holds.
 * @throws PushgatewayError `persistence` or the sqlite package's `DatabaseError` when the file cannot be used,
 * `HttpServerError` when the address cannot be had, `ConfigError` for a wrong web config; then nothing is left open.
 */
export async function startPushgateway(options: PushgatewayOptions): Promise<Pushgateway> {
  const { clock, logger, registry } = options
  const server = createServer({
    listenAddress: options.listenAddress ?? '127.0.0.1:0',
    logger,
    registry,
    bodyBytesMax: BODY_BYTES_MAX,
    readTimeoutMs: READ_TIMEOUT_MS,
    maxConnections: CONNECTIONS_MAX,
    clock,
    ...(options.routePrefix !== undefined && { routePrefix: options.routePrefix }),
    ...(options.webConfigFile !== undefined && { webConfigFile: options.webConfigFile }),
  })
  const groups = new Groups()
  const metrics = createMetrics(registry, options.version, () => groups.size)
  const persister = openPersister(options, groups, () => metrics.persistenceFailures.inc())
  const intake = new Intake({
    groups,
    own: ownFamilies(registry),
    utf8Names: options.enableUtf8Names === true,
    checksPushes: options.disableConsistencyCheck !== true,
    changed: () => persister?.schedule(),
  })
  const problem = intake.problem()
  if (problem !== undefined) logger.warn({ problem }, 'the groups of the persistence file contradict each other')

  let closing: Promise<void> | undefined
  const close = () => {
    closing ??= server.close().finally(() => persister?.close())
    return closing
  }
  const ready = () => closing === undefined
  registerRoutes(server.app, options, intake, metrics)
  registerManagement(server.app, {
    style: 'pushgateway',
    registries: [registry],
    ready,
    stopping: () => !ready(),
    ...(options.enableLifecycle === true && { lifecycle: { quit: options.onQuit ?? (() => void close()) } }),
  })
  try {
    const address = options.listenAddress === undefined ? undefined : await server.listen()
    return { address, inject: (request) => inject(server.app, request), reload: async () => {}, ready, close }
  } catch (error) {
    await close()
    throw error
  }
}

function registerRoutes(app: FastifyInstance, options: PushgatewayOptions, intake: Intake, metrics: PushgatewayMetrics): void {
  const { clock, logger, registry, telemetryPath = '/metrics' } = options
  const enableAdminApi = options.enableAdminApi === true
  const status = statusFacts(options)
  redirectUncleanPaths(app)
  registerPush(app, {
    intake,
    metrics,
    clock,
    logger,
    utf8Names: options.enableUtf8Names === true,
    checksPushes: options.disableConsistencyCheck !== true,
    bodyBytesMax: BODY_BYTES_MAX,
  })
  registerMetrics(app, telemetryPath, intake, registry)
  registerApi(app, { intake, metrics, enableAdminApi, status })
  const prefix = (options.routePrefix ?? '').replace(/\/+$/, '')
  registerStatusPage(app, { intake, metrics, clock, status, telemetryPath, prefix, enableAdminApi })
}

function openPersister(options: PushgatewayOptions, groups: Groups, onFailure: () => void): Persister | undefined {
  const { persistenceFile: path, persistenceIntervalMs: intervalMs = PERSISTENCE_INTERVAL_MS, clock, logger } = options
  if (path === undefined || path === '') return undefined
  const file = openPersistence(path)
  try {
    file.restore(groups)
  } catch (error) {
    file.close()
    throw error
  }
  return new Persister({ file, groups, intervalMs, clock, logger, onFailure })
}

function registerMetrics(app: FastifyInstance, path: string, intake: Intake, registry: Registry): void {
  app.get(path, async (_, reply) => {
    const problem = intake.problem()
    if (problem !== undefined) return sendText(reply, 500, `An error has occurred while serving metrics:\n\n${problem}\n`)
    return reply.header('content-type', METRICS_CONTENT_TYPE).send(await writeExposition(intake.groups, registry))
  })
}

function statusFacts({ flags, version, clock }: PushgatewayOptions): StatusFacts {
  return {
    flags: flags ?? {},
    build: {
      version: ORIGINAL_VERSION,
      promletVersion: version,
      revision: '',
      branch: '',
      buildUser: '',
      buildDate: '',
      goVersion: '',
      nodeVersion: process.version,
    },
    startedAt: clock.now(),
  }
}

async function inject(app: FastifyInstance, { method, path, headers, body }: InjectedRequest): Promise<HttpResponse> {
  const response = await app.inject({
    method,
    url: path,
    ...(headers !== undefined && { headers: { ...headers } }),
    ...(body !== undefined && { payload: typeof body === 'string' ? body : Buffer.from(body) }),
  })
  const plain = Object.entries(response.headers).map(([name, value]) => [name, String(value)] as const)
  return { status: response.statusCode, headers: Object.fromEntries(plain), body: response.rawPayload }
}
