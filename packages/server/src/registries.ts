import { buildInfo, createRegistry, processMetrics, type Registry } from '@promlet/telemetry'
import { PROMETHEUS_VERSION } from './api/status.ts'
import type { ComponentName } from './settings.ts'

/** What is exposed together. All but the Pushgateway's, which has a port of its own, make up `/metrics`. */
export interface Registries {
  readonly server: Registry
  readonly tsdb: Registry
  readonly remote: Registry
  /** Of scraper, rule engine and notifier: they share the metrics of discovery, and are started anew together. */
  readonly workers: Registry
  readonly pushgateway: Registry
}

export function createRegistries(components: ReadonlySet<ComponentName>): Registries {
  const registries = {
    server: createRegistry(),
    tsdb: createRegistry(),
    remote: createRegistry(),
    workers: createRegistry(),
    pushgateway: createRegistry(),
  }
  processMetrics(registries.server)
  if (components.has('pushgateway')) processMetrics(registries.pushgateway)
  buildInfo(registries.server, 'prometheus', PROMETHEUS_VERSION)
  return registries
}
