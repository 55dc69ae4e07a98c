import type { IncomingMessage, RequestListener, Server } from 'node:http'
import { type Clock, type DurationMs, systemClock } from '@promlet/model'
import type { Logger, Registry } from '@promlet/telemetry'
import { type FastifyHttpOptions, type FastifyInstance, fastify } from 'fastify'
import { packAnswers } from './compression.ts'
import { allowOrigins } from './cors.ts'
import { answerTheRest, sendText } from './fallback.ts'
import { formatAddress, type ListenAddress, parseListenAddress } from './listen-address.ts'
import { countRequests } from './request-metrics.ts'
import { limitToPrefix, stripPrefix } from './route-prefix.ts'
import { listenError } from './server-error.ts'
import { applyWebSettings, openWebSettings, type WebSettings } from './web-settings.ts'

export interface HttpServerOptions {
  /** `host:port`; `:9090` listens everywhere, port 0 lets the system choose. */
  readonly listenAddress: string
  /** The prefix of its metrics' names: `prometheus`, `alertmanager`, … Absent: its user counts requests. */
  readonly name?: string
  readonly logger: Logger
  readonly registry: Registry
  /** A longer request body is answered with 413. */
  readonly bodyBytesMax: number
  /** For a whole request to arrive, and for a connection to stay idle. */
  readonly readTimeoutMs: DurationMs
  /** Connections above this are closed at once. */
  readonly maxConnections: number
  /** Everything is served below this path, such as `/prometheus`; handlers do not see it. */
  readonly routePrefix?: string
  /** Which origins may use `/api/…` from a page, as an anchored regular expression. */
  readonly corsOrigin?: string
  /** TLS, headers and users, in the form of Prometheus's `--web.config.file`; read anew when it changes. */
  readonly webConfigFile?: string
  /** How long `close` waits for requests under way; three seconds by default. */
  readonly closeTimeoutMs?: DurationMs
  /** Bounds `close`; the system clock by default. */
  readonly clock?: Clock
}

export interface HttpServer {
  /** For routes, before `listen`. Every body arrives as a `Buffer`, whatever its type; parameters are read by `formOf`. */
  readonly app: FastifyInstance
  /** @throws `HttpServerError` when the address cannot be had. */
  listen(): Promise<{ readonly address: string; readonly port: number }>
  /** Takes no more connections and ends when the requests under way have ended, or after `closeTimeoutMs` by breaking them off. */
  close(): Promise<void>
}

// An import would read every export of the module, and one of them loads all of Node's WebSocket: 30 ms and 13 MB.
const { createServer: createHttpServer } = process.getBuiltinModule('node:http')

/** Containers are killed ten seconds after they were asked to stop, and there is more to stop than this. */
const CLOSE_TIMEOUT_MS = 3_000
const NO_QUERY = {}
/** Node checks for overdue requests at this pace. */
const CHECK_INTERVAL_MS = 5_000

/**
 * An HTTP server as Prometheus's components have one: plain-text errors in Go's words, gzip for who accepts it,
 * request metrics by route. `listenAddress` and `webConfigFile` are checked at once.
 * @throws `HttpServerError` `bad-address`, or `ConfigError` with all that is wrong in the file.
 */
export function createServer(options: HttpServerOptions): HttpServer {
  const address = parseListenAddress(options.listenAddress)
  const app = createApp(options)
  const clock = options.clock ?? systemClock
  let closing: Promise<void> | undefined
  return {
    app,
    listen: () => listen(app, address, options.logger),
    close() {
      closing ??= closeWithin(app, clock, options.closeTimeoutMs ?? CLOSE_TIMEOUT_MS)
      return closing
    },
  }
}

function createApp(options: HttpServerOptions): FastifyInstance {
  const prefix = (options.routePrefix ?? '').replace(/\/+$/, '')
  const web = options.webConfigFile === undefined ? undefined : openWebSettings(options.webConfigFile, options.logger)
  const settings: FastifyHttpOptions<Server> = {
    bodyLimit: options.bodyBytesMax,
    serverFactory: (handler) => openServer(handler, options.readTimeoutMs, web),
    exposeHeadRoutes: false,
    // Comes before routing: a path with a broken escape, which Go's server refuses in the same words.
    frameworkErrors: (error, _request, reply) => void sendText(reply, error.statusCode ?? 400, '400 Bad Request'),
    schemaController: withoutSchemas,
    // Parameters are read by `formOf`, once.
    routerOptions: { maxParamLength: Number.MAX_SAFE_INTEGER, querystringParser: () => NO_QUERY },
    ...(prefix !== '' && { rewriteUrl: (request: IncomingMessage) => stripPrefix(request.url ?? '/', prefix) }),
  }
  const app: FastifyInstance = fastify(settings)
  app.server.maxConnections = options.maxConnections
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
  if (web !== undefined) applyWebSettings(app, web)
  if (prefix !== '') limitToPrefix(app, prefix)
  answerTheRest(app, options.logger)
  if (options.name !== undefined) countRequests(app, options.registry, options.name)
  packAnswers(app)
  if (options.corsOrigin !== undefined) allowOrigins(app, options.corsOrigin)
  return app
}

/** No route has a JSON schema; what Fastify would load for them is a hundred files. */
const withoutSchemas: NonNullable<FastifyHttpOptions<Server>['schemaController']> = {
  compilersFactory: { buildValidator: () => refuseSchema, buildSerializer: () => refuseSchema },
}

function refuseSchema(): never {
  throw new Error('routes have no schemas here')
}

function openServer(handler: RequestListener, readTimeoutMs: DurationMs, web: WebSettings | undefined): Server {
  const options = { requestTimeout: readTimeoutMs, keepAliveTimeout: readTimeoutMs, connectionsCheckingInterval: CHECK_INTERVAL_MS }
  return web?.tlsServer === undefined ? createHttpServer(options, handler) : web.tlsServer(handler, options)
}

async function listen(app: FastifyInstance, { host, port }: ListenAddress, logger: Logger): Promise<{ address: string; port: number }> {
  try {
    await app.listen({ host, port })
  } catch (error) {
    throw listenError(error, formatAddress(host, port))
  }
  const bound = app.server.address()
  const listening = typeof bound === 'object' && bound !== null ? { address: bound.address, port: bound.port } : { address: host, port }
  logger.info({ address: formatAddress(listening.address, listening.port) }, 'Listening on')
  return listening
}

async function closeWithin(app: FastifyInstance, clock: Clock, timeoutMs: DurationMs): Promise<void> {
  const timer = clock.setTimer(timeoutMs, () => app.server.closeAllConnections())
  try {
    await app.close()
  } finally {
    timer[Symbol.dispose]()
  }
}
