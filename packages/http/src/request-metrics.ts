import { Counter, Histogram, type Registry, sharedMetric } from '@promlet/telemetry'
import type { FastifyInstance } from 'fastify'
import { bytesInPieces } from './pieces.ts'

/** Prometheus: web/web.go newMetrics. */
const DURATION_BUCKETS = [0.1, 0.2, 0.4, 1, 3, 8, 20, 60, 120]
const SIZE_BUCKETS = Array.from({ length: 8 }, (_, index) => 100 * 10 ** index)

/**
 * Counts and times requests by the pattern of their route: `<name>_http_requests_total{handler, code}`,
 * `<name>_http_request_duration_seconds` and `<name>_http_response_size_bytes` (as sent, so packed where packed).
 * Requests that no route takes are not counted, so that a scanner makes no series.
 */
export function countRequests(app: FastifyInstance, registry: Registry, name: string): void {
  const requests = counter(registry, `${name}_http_requests_total`)
  const duration = histogram(
    registry,
    `${name}_http_request_duration_seconds`,
    'Histogram of latencies for HTTP requests.',
    DURATION_BUCKETS,
  )
  const size = histogram(registry, `${name}_http_response_size_bytes`, 'Histogram of response size for HTTP requests.', SIZE_BUCKETS)
  const byRoute = new Map<string, RouteMetrics>()
  app.addHook('onRoute', ({ url, method }) => {
    if (method !== 'OPTIONS' && method !== 'HEAD') requests.inc({ handler: url, code: '200' }, 0)
  })
  app.addHook('onResponse', (request, reply, done) => {
    const handler = request.routeOptions.url
    if (handler !== undefined) {
      let route = byRoute.get(handler)
      if (route === undefined) {
        route = { duration: duration.labels({ handler }), size: size.labels({ handler }), codes: new Map() }
        byRoute.set(handler, route)
      }
      countCode(route, reply.statusCode, (code) => requests.labels({ handler, code })).inc()
      route.duration.observe(reply.elapsedTime / 1000)
      route.size.observe(bytesInPieces(reply) ?? Number(reply.getHeader('content-length') ?? 0))
    }
    done()
  })
}

/** The metrics of one route, looked up by their labels once. */
interface RouteMetrics {
  readonly duration: Histogram.Internal<'handler'>
  readonly size: Histogram.Internal<'handler'>
  readonly codes: Map<number, Counter.Internal>
}

function countCode({ codes }: RouteMetrics, status: number, make: (code: string) => Counter.Internal): Counter.Internal {
  let counter = codes.get(status)
  if (counter === undefined) {
    counter = make(String(status))
    codes.set(status, counter)
  }
  return counter
}

function counter(registry: Registry, name: string): Counter<'handler' | 'code'> {
  const create = () =>
    new Counter({ name, help: 'Counter of HTTP requests.', labelNames: ['handler', 'code'] as const, registers: [registry] })
  return sharedMetric(registry, name, create)
}

function histogram(registry: Registry, name: string, help: string, buckets: number[]): Histogram<'handler'> {
  return sharedMetric(registry, name, () => new Histogram({ name, help, labelNames: ['handler'] as const, buckets, registers: [registry] }))
}
