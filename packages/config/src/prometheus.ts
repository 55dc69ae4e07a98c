import type { DurationMs, Labels } from '@promlet/model'
import type { AlertingConfig } from './alerting.ts'
import type { RemoteWriteConfig } from './remote-write.ts'
import type { RuleFile } from './rules.ts'
import type { ScrapeConfig } from './scrape.ts'

/** A whole `prometheus.yml` with its rule files, read, checked and with defaults filled in. */
export interface PrometheusConfig {
  readonly global: GlobalConfig
  readonly scrapeConfigs: readonly ScrapeConfig[]
  /** The patterns as written, relative ones resolved against the configuration's folder. */
  readonly ruleFilePatterns: readonly string[]
  readonly ruleFiles: readonly RuleFile[]
  readonly alerting: AlertingConfig
  readonly remoteWrite: readonly RemoteWriteConfig[]
  readonly storage: StorageConfig
  /** The effective configuration as YAML with defaults and with secrets hidden, for `/api/v1/status/config`. */
  readonly yaml: string
}

export interface GlobalConfig {
  readonly scrapeIntervalMs: DurationMs
  readonly scrapeTimeoutMs: DurationMs
  readonly evaluationIntervalMs: DurationMs
  readonly ruleQueryOffsetMs: DurationMs
  readonly externalLabels: Labels
}

export interface StorageConfig {
  readonly outOfOrderTimeWindowMs: DurationMs
  /** Absent: the flag, or its default, holds. */
  readonly retentionTimeMs?: DurationMs
  readonly retentionSizeBytes?: number
}
