// Prometheus: storage/remote/client.go.

import type { DurationMs } from '@promlet/model'
import { Counter, Gauge, Histogram, type Registry, sharedMetric } from '@promlet/telemetry'

const PREFIX = 'prometheus_remote_storage_'
const ENDPOINT = ['remote_name', 'url'] as const
const ANSWERED = [...ENDPOINT, 'response_type'] as const
const COUNTED = [...ANSWERED, 'code'] as const
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 60]

/** Of one endpoint of `remote_read`. */
export interface ReaderMetrics {
  started(): void
  /** `status` is 0 when there was no answer. */
  ended(status: number, durationMs: DurationMs): void
  /** Takes the endpoint's series out of the registry. */
  remove(): void
}

export function createReaderMetrics(registry: Registry, remote_name: string, url: string): ReaderMetrics {
  const { total, running, duration } = createAll(registry)
  const endpoint = { remote_name, url }
  const answered = { ...endpoint, response_type: 'sampled' }
  const codes = new Set<string>()
  running.set(endpoint, 0)
  return {
    started: () => running.inc(endpoint),
    ended(status, durationMs) {
      running.dec(endpoint)
      duration.observe(answered, durationMs / 1000)
      if (status === 0) return
      codes.add(String(status))
      total.inc({ ...answered, code: String(status) })
    },
    remove() {
      running.remove(endpoint)
      duration.remove(answered)
      for (const code of codes) total.remove({ ...answered, code })
    },
  }
}

function createAll(registry: Registry) {
  const registers = [registry]
  const named = (name: string, help: string) => ({ name: PREFIX + name, help, registers })
  const total = named('read_queries_total', 'The total number of remote read queries.')
  const running = named('remote_read_queries', 'The number of in-flight remote read queries.')
  const duration = named('read_request_duration_seconds', 'How long remote read requests took.')
  return {
    total: sharedMetric(registry, total.name, () => new Counter({ ...total, labelNames: COUNTED })),
    running: sharedMetric(registry, running.name, () => new Gauge({ ...running, labelNames: ENDPOINT })),
    duration: sharedMetric(registry, duration.name, () => new Histogram({ ...duration, labelNames: ANSWERED, buckets: BUCKETS })),
  }
}
