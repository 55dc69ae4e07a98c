import { collectDefaultMetrics, Gauge, type Registry } from 'prom-client'

/**
 * Registers `process_*` (CPU, memory, file descriptors, start time) and `nodejs_*` (event loop, heap, garbage
 * collection) of this process. Once per process; they are read when scraped and do not keep the process alive.
 */
export function processMetrics(registry: Registry): void {
  collectDefaultMetrics({ register: registry })
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
