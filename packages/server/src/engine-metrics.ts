import type { Clock } from '@promlet/model'
import type { EngineObserver } from '@promlet/promql'
import { Gauge, RecentSummary, type Registry } from '@promlet/telemetry'

const QUANTILES = [0.5, 0.9, 0.99]

/** Registers what Prometheus tells of its query engine. */
export function engineMetrics(registry: Registry, clock: Clock, maxConcurrency: number): EngineObserver {
  const registers = [registry]
  const running = new Gauge({
    name: 'prometheus_engine_queries',
    help: 'The current number of queries being executed or waiting.',
    registers,
  })
  const most = new Gauge({ name: 'prometheus_engine_queries_concurrent_max', help: 'The max number of concurrent queries.', registers })
  most.set(maxConcurrency)
  const durations = new RecentSummary({
    name: 'prometheus_engine_query_duration_seconds',
    help: 'Query timings.',
    labelName: 'slice',
    quantiles: QUANTILES,
    clock,
    registry,
  })
  const slices = {
    queueMs: durations.labels('queue_time'),
    prepareMs: durations.labels('prepare_time'),
    evalMs: durations.labels('inner_eval'),
  }
  return {
    started: () => running.inc(),
    ended(stats) {
      running.dec()
      for (const name of ['queueMs', 'prepareMs', 'evalMs'] as const) slices[name].observe(stats[name] / 1000)
    },
  }
}
