import type { Clock } from '@promlet/model'
import type { EngineObserver } from '@promlet/promql'
import { Gauge, type Registry, Summary } from '@promlet/telemetry'
import { RecentQuantiles } from './recent-quantiles.ts'

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
  const slices = {
    queueMs: { slice: 'queue_time', seconds: new RecentQuantiles(clock) },
    prepareMs: { slice: 'prepare_time', seconds: new RecentQuantiles(clock) },
    evalMs: { slice: 'inner_eval', seconds: new RecentQuantiles(clock) },
  }
  tellDurations(registry, Object.values(slices))
  return {
    started: () => running.inc(),
    ended(stats) {
      running.dec()
      for (const name of ['queueMs', 'prepareMs', 'evalMs'] as const) slices[name].seconds.observe(stats[name] / 1000)
    },
  }
}

interface Slice {
  readonly slice: string
  readonly seconds: RecentQuantiles
}

/** A summary whose values are put together when `/metrics` is read. */
function tellDurations(registry: Registry, slices: readonly Slice[]): void {
  const name = 'prometheus_engine_query_duration_seconds'
  const summary = new Summary<'slice' | 'quantile'>({ name, help: 'Query timings.', registers: [registry] })
  const told = summary.get.bind(summary)
  summary.get = async () => ({ ...(await told()), values: slices.flatMap((slice) => valuesOf(name, slice)) })
}

function valuesOf(name: string, { slice, seconds }: Slice) {
  const values = seconds.quantiles(QUANTILES)
  return [
    ...QUANTILES.map((quantile, index) => ({ labels: { slice, quantile }, value: values[index] as number })),
    { metricName: `${name}_sum`, labels: { slice }, value: seconds.sum },
    { metricName: `${name}_count`, labels: { slice }, value: seconds.count },
  ]
}
