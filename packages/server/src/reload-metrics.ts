import { Gauge, type Registry } from '@promlet/telemetry'
import type { Live } from './live.ts'

/** Registers what Prometheus tells of its configuration. */
export function reloadMetrics(registry: Registry, live: Live): void {
  new Gauge({
    name: 'prometheus_config_last_reload_successful',
    help: 'Whether the last configuration reload attempt was successful.',
    registers: [registry],
    collect() {
      this.set(live.lastReload.ok ? 1 : 0)
    },
  })
  new Gauge({
    name: 'prometheus_config_last_reload_success_timestamp_seconds',
    help: 'Timestamp of the last successful configuration reload.',
    registers: [registry],
    collect() {
      this.set(live.lastReload.at / 1000)
    },
  })
}
