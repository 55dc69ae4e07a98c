import { collectDefaultMetrics, Gauge, type Registry } from 'prom-client'

/** The library samples the delay of the event loop with a timer: 100 times a second, for 3.6 ms of CPU. So it never fires. */
const NEVER_MS = 2 ** 31 - 1
/** What would come of the samples; `nodejs_eventloop_lag_seconds` is measured when scraped and stays. */
const SAMPLED = ['min', 'max', 'mean', 'stddev', 'p50', 'p90', 'p99'].map((part) => `nodejs_eventloop_lag_${part}_seconds`)

/**
 * Registers `process_*` (CPU, memory, file descriptors, start time) and `nodejs_*` (event loop, heap, garbage
 * collection) of this process. Once per process; they are read when scraped and do not keep the process alive.
 */
export function processMetrics(registry: Registry): void {
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: NEVER_MS })
  for (const name of SAMPLED) registry.removeSingleMetric(name)
}

/** Registers the gauge `<name>_build_info`, always 1, that dashboards read the version from. */
export function buildInfo(registry: Registry, name: string, version: string): void {
  new Gauge({
    name: `${name}_build_info`,
    help: `A metric with a constant '1' value labeled by the version that ${name} has and the Node.js version it runs on.`,
    labelNames: ['version', 'nodeversion'],
    registers: [registry],
  }).set({ version, nodeversion: process.version }, 1)
}
