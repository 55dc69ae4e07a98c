import type { FastifyReply, FastifyRequest } from '@promlet/http'
import { buildInfo, Counter, Gauge, type Registry, Summary } from '@promlet/telemetry'

/** Under the original's names, with its labels (pushgateway handler/metrics.go). */
export interface PushgatewayMetrics {
  readonly requests: Counter<'handler' | 'code' | 'method'>
  readonly pushDuration: Summary<'method'>
  readonly pushSize: Summary<'method'>
  /** Promlet's own: writes of the persistence file that failed. */
  readonly persistenceFailures: Counter
}

const PERCENTILES = [0.1, 0.5, 0.9]

export function createMetrics(registry: Registry, version: string, groupCount: () => number): PushgatewayMetrics {
  const registers = [registry]
  buildInfo(registry, 'pushgateway', version)
  new Gauge({
    name: 'pushgateway_groups',
    help: 'Groups of metrics that the Pushgateway holds.',
    registers,
    collect() {
      this.set(groupCount())
    },
  })
  return {
    requests: new Counter({
      name: 'pushgateway_http_requests_total',
      help: 'Total HTTP requests processed by the Pushgateway, excluding scrapes.',
      labelNames: ['handler', 'code', 'method'],
      registers,
    }),
    pushDuration: new Summary({
      name: 'pushgateway_http_push_duration_seconds',
      help: 'HTTP request duration for pushes to the Pushgateway.',
      labelNames: ['method'],
      percentiles: PERCENTILES,
      registers,
    }),
    pushSize: new Summary({
      name: 'pushgateway_http_push_size_bytes',
      help: 'HTTP request size for pushes to the Pushgateway.',
      labelNames: ['method'],
      percentiles: PERCENTILES,
      registers,
    }),
    persistenceFailures: new Counter({
      name: 'pushgateway_persistence_failures_total',
      help: 'Writes of the persistence file that failed.',
      registers,
    }),
  }
}

/** Counts the answers of a route under the name that the original gives its handler. */
export function countRequest({ requests }: PushgatewayMetrics, handler: string) {
  return (request: FastifyRequest, reply: FastifyReply, done: () => void): void => {
    requests.inc({ handler, code: reply.statusCode, method: request.method.toLowerCase() })
    done()
  }
}
