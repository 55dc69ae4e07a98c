import { METRICS_CONTENT_TYPE, type Registry, writeMetrics } from '@promlet/telemetry'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { sendText } from './fallback.ts'

export interface ManagementOptions {
  /** Whose texts and routes it has. */
  readonly style: keyof typeof STYLES
  /** What `/metrics` tells. */
  readonly registries: readonly Registry[]
  /** While false, `/-/ready` is 503. */
  ready(): boolean
  /** True once the component stops; `/-/ready` says so in a header. */
  stopping?(): boolean
  /** Absent: the lifecycle API is off, which is 403. */
  readonly lifecycle?: {
    /** @throws with everything that is wrong; then nothing has changed. */
    reload?(): Promise<void>
    /** Starts the stop; the answer still goes out. */
    quit?(): void
  }
}

interface Style {
  readonly healthy: string
  readonly ready: string
  readonly hasHead: boolean
  readonly hasMetrics: boolean
  readonly wrongMethod: string
}

/** Prometheus: web/web.go; Pushgateway: main.go; Alertmanager: ui/web.go. */
const STYLES = {
  prometheus: {
    healthy: 'Prometheus Server is Healthy.\n',
    ready: 'Prometheus Server is Ready.\n',
    hasHead: true,
    hasMetrics: true,
    wrongMethod: 'Only POST or PUT requests allowed',
  },
  // The Pushgateway's `/metrics` also has what was pushed: it is the Pushgateway's own route.
  pushgateway: { healthy: 'OK', ready: 'OK', hasHead: false, hasMetrics: false, wrongMethod: 'Only POST or PUT requests allowed.' },
  alertmanager: { healthy: 'OK', ready: 'OK', hasHead: true, hasMetrics: true, wrongMethod: 'Only POST or PUT requests allowed' },
} as const satisfies Record<string, Style>

/** Adds `/-/healthy`, `/-/ready`, `/-/reload`, `/-/quit` and `/metrics`. */
export function registerManagement(app: FastifyInstance, options: ManagementOptions): void {
  const style: Style = STYLES[options.style]
  const methods = style.hasHead ? ['GET', 'HEAD'] : ['GET']
  app.route({ method: methods, url: '/-/healthy', handler: async (_request, reply) => send(reply, style.healthy) })
  app.route({
    method: methods,
    url: '/-/ready',
    handler: async (_request, reply) => (options.ready() ? send(reply, style.ready) : sendUnready(reply, options.stopping?.() ?? false)),
  })
  if (style.hasMetrics) {
    app.get('/metrics', async (_request, reply) => {
      reply.header('content-type', METRICS_CONTENT_TYPE)
      return writeMetrics(options.registries)
    })
  }
  registerLifecycle(app, options, style)
}

function registerLifecycle(app: FastifyInstance, { lifecycle }: ManagementOptions, { wrongMethod }: Style): void {
  let quitting = false
  const off = async (reply: FastifyReply) => sendText(reply, 403, 'Lifecycle API is not enabled.')
  const act = (path: string, action: ((reply: FastifyReply) => Promise<FastifyReply>) | undefined) => {
    app.get(path, async (_request, reply) => sendText(reply, 405, wrongMethod))
    app.route({ method: ['POST', 'PUT'], url: path, handler: async (_request, reply) => (action ?? off)(reply) })
  }
  const { reload, quit } = lifecycle ?? {}
  act('/-/reload', reload && ((reply) => answerReload(reply, reload)))
  act(
    '/-/quit',
    quit &&
      (async (reply) => {
        if (quitting) return send(reply, 'Termination already in progress.')
        quitting = true
        // The answer goes out before the server that sends it is closed.
        reply.raw.once('close', () => quit())
        return send(reply.header('connection', 'close'), 'Requesting termination... Goodbye!')
      }),
  )
}

async function answerReload(reply: FastifyReply, reload: () => Promise<void>): Promise<FastifyReply> {
  try {
    await reload()
  } catch (error) {
    return sendText(reply, 500, `failed to reload config: ${error instanceof Error ? error.message : String(error)}\n`)
  }
  return reply.code(200).send()
}

function send(reply: FastifyReply, text: string): FastifyReply {
  return reply.code(200).header('content-type', 'text/plain; charset=utf-8').send(text)
}

/** Prometheus: web/web.go testReady. */
export function sendUnready(reply: FastifyReply, stopping: boolean): FastifyReply {
  return sendText(reply.header('x-prometheus-stopping', String(stopping)), 503, 'Service Unavailable')
}
