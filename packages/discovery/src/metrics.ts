import { Counter, Gauge, type Registry, Summary, sharedMetric } from '@promlet/telemetry'

/** What discoveries count, under Prometheus's names. Those of scraper and notifier may share a registry. */
export type DiscoveryMetrics = ReturnType<typeof discoveryMetrics>

export function discoveryMetrics(registry: Registry) {
  const counter = (name: string, help: string, labelNames: string[] = []) =>
    sharedMetric(registry, name, () => new Counter({ name, help, labelNames, registers: [registry] }))
  const gauge = (name: string, help: string, labelNames: string[] = []) =>
    sharedMetric(registry, name, () => new Gauge({ name, help, labelNames, registers: [registry] }))
  const scan = 'prometheus_sd_file_scan_duration_seconds'
  const percentiles = [0.5, 0.9, 0.99]
  return {
    discoveredTargets: gauge('prometheus_sd_discovered_targets', 'Current number of discovered targets.', ['name', 'config']),
    receivedUpdates: counter('prometheus_sd_received_updates_total', 'Total number of update events received from the SD providers.', [
      'name',
    ]),
    delayedUpdates: counter('prometheus_sd_updates_delayed_total', 'Total number of update events that could not be sent immediately.', [
      'name',
    ]),
    sentUpdates: counter('prometheus_sd_updates_total', 'Total number of update events sent to the SD consumers.', ['name']),
    fileReadErrors: counter('prometheus_sd_file_read_errors_total', 'The number of File-SD read errors.'),
    fileWatcherErrors: counter(
      'prometheus_sd_file_watcher_errors_total',
      'The number of File-SD errors caused by filesystem watch failures.',
    ),
    fileMtime: gauge('prometheus_sd_file_mtime_seconds', 'Timestamp (mtime) of files read by FileSD. Timestamp is set at read time.', [
      'filename',
    ]),
    fileScanDuration: sharedMetric(
      registry,
      scan,
      () => new Summary({ name: scan, help: 'The duration of the File-SD scan in seconds.', percentiles, registers: [registry] }),
    ),
  }
}
