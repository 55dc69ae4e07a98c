import type { DurationMs, Labels } from '@promlet/model'

/** One rule file. */
export interface RuleFile {
  /** Absolute path, as matched by the pattern in `rule_files`. */
  readonly path: string
  readonly groups: readonly RuleGroupConfig[]
}

export interface RuleGroupConfig {
  readonly name: string
  /** `evaluation_interval` of the configuration when the group sets none. */
  readonly intervalMs?: DurationMs
  /** Evaluate as of this long ago. */
  readonly queryOffsetMs?: DurationMs
  /** More alerts or series than this from one rule is an error; 0: no limit. */
  readonly limit: number
  /** Added to every rule's labels; the rule's own win. */
  readonly labels: Labels
  readonly rules: readonly RuleConfig[]
}

export type RuleConfig = RecordingRuleConfig | AlertingRuleConfig

export interface RecordingRuleConfig {
  readonly kind: 'recording'
  readonly record: string
  readonly expr: string
  readonly labels: Labels
  /** Names that stand in `labels` with an empty value: the rule's series lose them. */
  readonly removedLabels?: readonly string[]
}

export interface AlertingRuleConfig {
  readonly kind: 'alerting'
  readonly alert: string
  readonly expr: string
  readonly forMs: DurationMs
  readonly keepFiringForMs: DurationMs
  /** Values may be templates. */
  readonly labels: Labels
  /** Names that stand in `labels` with an empty value: the alerts lose them. */
  readonly removedLabels?: readonly string[]
  readonly annotations: Labels
}
