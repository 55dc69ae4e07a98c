import { hostname } from 'node:os'
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

/** `/version`, and the data of `/api/v1/status/buildinfo`, as JSON text. */
export function buildInfoJson({ version, components }: StackSettings): string {
  const promlet = { version, components: [...components] }
  return JSON.stringify({ version: PROMETHEUS_VERSION, revision: '', branch: '', buildUser: '', buildDate: '', goVersion: '', promlet })
}

/** `/api/v1/status/config` */
export function configHandler({ live }: StatusParts): Handler {
  return () => ({ data: JSON.stringify({ yaml: live.config.yaml }) })
}

/** `/api/v1/status/flags` */
export function flagsHandler({ settings }: StatusParts): Handler {
  const flags = Object.entries(settings.flags).sort(([left], [right]) => (left < right ? -1 : 1))
  return () => ({ data: JSON.stringify(Object.fromEntries(flags)) })
}

/** `/api/v1/status/runtimeinfo`; what belongs to Go's runtime is empty or zero. */
export function runtimeInfoHandler({ settings, clock, startedAt, live }: StatusParts): Handler {
  return () => {
    const info = {
      startTime: new Date(startedAt).toISOString(),
      CWD: process.cwd(),
      hostname: hostname(),
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

/** `/api/v1/status/walreplay`: SQLite has nothing to replay at a start. */
export const walReplayHandler: Handler = () => ({ data: '{"min":0,"max":0,"current":0}' })

function retentionText({ storage }: StackSettings, config: PrometheusConfig): string {
  const timeMs = config.storage.retentionTimeMs ?? storage.retentionTimeMs
  const sizeBytes = config.storage.retentionSizeBytes ?? storage.retentionSizeBytes
  const time = timeMs > 0 ? formatDuration(timeMs) : ''
  const size = sizeBytes > 0 ? formatSize(sizeBytes) : ''
  return [time, size].filter((text) => text !== '').join(' or ')
}
