import { buildInfo, createRegistry, processMetrics, type Registry } from '@promlet/telemetry'
import { PROMETHEUS_VERSION } from './api/status.ts'

/** One registry per component. All but the Pushgateway's, which has a port of its own, make up `/metrics`. */
export interface Registries {
  readonly server: Registry
  readonly tsdb: Registry
  readonly remote: Registry
  readonly rules: Registry
  readonly scraper: Registry
  readonly pushgateway: Registry
}

export function createRegistries(): Registries {
  const registries = {
    server: createRegistry(),
    tsdb: createRegistry(),
    remote: createRegistry(),
    rules: createRegistry(),
    scraper: createRegistry(),
    pushgateway: createRegistry(),
  }
  processMetrics(registries.server)
  processMetrics(registries.pushgateway)
  buildInfo(registries.server, 'prometheus', PROMETHEUS_VERSION)
  return registries
}
