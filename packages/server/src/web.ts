import { createServer, type FastifyInstance, formatAddress, registerManagement } from '@promlet/http'
import { registerPage } from './api/page.ts'
import type { Build } from './components.ts'
import { registerApi } from './routes.ts'

/** The HTTP side of the stack: API, page, management routes and metrics on one port. */
export interface Web {
  readonly app: FastifyInstance
  /** Undefined when no port was asked for. */
  readonly url: string | undefined
  close(): Promise<void>
}

export interface WebOptions {
  ready(): boolean
  readonly lifecycle: { reload(): Promise<void>; quit(): void }
}

const BODY_BYTES_MAX = 64 * 1024 * 1024

/** @throws HttpServerError when the address cannot be had. */
export async function openWeb(build: Build, { ready, lifecycle }: WebOptions): Promise<Web> {
  const { settings, clock, logger, registries } = build
  const { web } = settings
  const prefix = web.routePrefix === '/' ? '' : web.routePrefix
  const server = createServer({
    listenAddress: web.listenAddress ?? '127.0.0.1:0',
    name: 'prometheus',
    logger: logger.child({ component: 'web' }),
    registry: registries.server,
    bodyBytesMax: BODY_BYTES_MAX,
    readTimeoutMs: web.readTimeoutMs,
    maxConnections: web.maxConnections,
    routePrefix: prefix,
    corsOrigin: web.corsOrigin,
    clock,
    ...(web.configFile === undefined ? {} : { webConfigFile: web.configFile }),
  })
  const { pushgateway: _, ...exposed } = registries
  registerManagement(server.app, {
    style: 'prometheus',
    registries: Object.values(exposed),
    ready,
    ...(web.enableLifecycle ? { lifecycle } : {}),
  })
  registerApi(server.app, build)
  registerPage(server.app, { prefix, title: web.pageTitle })
  if (web.listenAddress === undefined) {
    await server.app.ready()
    return { app: server.app, url: undefined, close: () => server.close() }
  }
  const { address, port } = await server.listen()
  return { app: server.app, url: `http://${formatAddress(address, port)}${prefix}`, close: () => server.close() }
}
