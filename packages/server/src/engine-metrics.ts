import type { EngineObserver } from '@promlet/promql'
import { Gauge, type Registry, Summary } from '@promlet/telemetry'

/** Registers what Prometheus tells of its query engine. */
export function engineMetrics(registry: Registry, maxConcurrency: number): EngineObserver {
  const registers = [registry]
  const running = new Gauge({
    name: 'prometheus_engine_queries',
    help: 'The current number of queries being executed or waiting.',
    registers,
  })
  const most = new Gauge({ name: 'prometheus_engine_queries_concurrent_max', help: 'The max number of concurrent queries.', registers })
  most.set(maxConcurrency)
  const duration = new Summary({
    name: 'prometheus_engine_query_duration_seconds',
    help: 'Query timings.',
    labelNames: ['slice'],
    percentiles: [0.5, 0.9, 0.99],
    maxAgeSeconds: 600,
    ageBuckets: 5,
    registers,
  })
  const slices = {
    queueMs: duration.labels({ slice: 'queue_time' }),
    prepareMs: duration.labels({ slice: 'prepare_time' }),
    evalMs: duration.labels({ slice: 'inner_eval' }),
  } as const
  return {
    started: () => running.inc(),
    ended(stats) {
      running.dec()
      for (const name of ['queueMs', 'prepareMs', 'evalMs'] as const) slices[name].observe(stats[name] / 1000)
    },
  }
}
