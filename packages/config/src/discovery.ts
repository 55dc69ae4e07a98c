import type { DurationMs } from '@promlet/model'

/** Targets that share labels. */
export interface TargetGroupConfig {
  /** `host:port` texts. */
  readonly targets: readonly string[]
  readonly labels: Readonly<Record<string, string>>
}

/** One way to find targets, as it stands in `static_configs`, `file_sd_configs`, … */
export type DiscoveryConfig =
  | { readonly kind: 'static'; readonly groups: readonly TargetGroupConfig[] }
  | { readonly kind: 'file'; readonly files: readonly string[]; readonly refreshIntervalMs: DurationMs }
