import { formatSize, type PrometheusConfig } from '@promlet/config'
import { type Clock, formatDuration, type Millis } from '@promlet/model'
import type { StackSettings } from '../settings.ts'
import type { Handler } from './answer.ts'

/** The Prometheus version whose behaviour Promlet has. */
export const PROMETHEUS_VERSION = '3.14.0'

/** What a running process tells of itself. */
export interface StatusParts {
  readonly settings: StackSettings
  readonly clock: Clock
  readonly startedAt: Millis
  readonly live: { readonly config: PrometheusConfig; readonly lastReload: { readonly ok: boolean; readonly at: Millis } }
}

/** `/api/v1/status/buildinfo` */
export function buildInfoHandler({ settings }: StatusParts): Handler {
  const promlet = { version: settings.version, components: [...settings.components] }
  const info = { version: PROMETHEUS_VERSION, revision: '', branch: '', buildUser: '', buildDate: '', goVersion: '', promlet }
  return () => ({ data: JSON.stringify(info) })
}

/** `/api/v1/status/config` */
export function configHandler({ live }: StatusParts): Handler {
  return () => ({ data: JSON.stringify({ yaml: live.config.yaml }) })
}

/** `/api/v1/status/flags` */
export function flagsHandler({ settings }: StatusParts): Handler {
  return () => ({ data: JSON.stringify(settings.flags) })
}

/** `/api/v1/status/runtimeinfo`; what belongs to Go's runtime is empty or zero. */
export function runtimeInfoHandler({ settings, clock, startedAt, live }: StatusParts): Handler {
  return () => {
    const info = {
      startTime: new Date(startedAt).toISOString(),
      CWD: process.cwd(),
      hostname: process.env['HOSTNAME'] ?? '',
      serverTime: new Date(clock.now()).toISOString(),
      reloadConfigSuccess: live.lastReload.ok,
      lastConfigTime: new Date(live.lastReload.at).toISOString(),
      corruptionCount: 0,
      goroutineCount: 0,
      GOMAXPROCS: 0,
      GOMEMLIMIT: 0,
      GOGC: '',
      GODEBUG: '',
      storageRetention: retentionText(settings, live.config),
    }
    return { data: JSON.stringify(info) }
  }
}

function retentionText({ storage }: StackSettings, config: PrometheusConfig): string {
  const timeMs = config.storage.retentionTimeMs ?? storage.retentionTimeMs
  const sizeBytes = config.storage.retentionSizeBytes ?? storage.retentionSizeBytes
  const time = timeMs > 0 ? formatDuration(timeMs) : ''
  const size = sizeBytes > 0 ? formatSize(sizeBytes) : ''
  return [time, size].filter((text) => text !== '').join(' or ')
}
