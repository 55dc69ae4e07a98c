// A rule as it runs: what its configuration says, and what its evaluations left behind.

import type { AlertingRuleConfig, RecordingRuleConfig, RuleConfig } from '@promlet/config'
import { type DurationMs, type Labels, METRIC_NAME, type Millis } from '@promlet/model'
import { parseExpr, printExpr } from '@promlet/promql/syntax'
import type { ActiveAlerts } from './alert-state.ts'
import { compileLabels, type LabelTemplates } from './alert-templates.ts'
import { RuleError } from './error.ts'
import { compileChanges, type LabelChanges } from './label-changes.ts'
import { SeriesMemory } from './series-memory.ts'

export type RuleHealth = 'unknown' | 'ok' | 'err'

interface RuleBase {
  readonly name: string
  /** As written: what is evaluated. */
  readonly expr: string
  /** As Prometheus prints it: what is shown and linked to. */
  readonly query: string
  /** The group's with the rule's over them. */
  readonly labels: Labels
  /** Labels that the rule takes from its results. */
  readonly removedLabels: readonly string[]
  /** Equal for rules that do the same. */
  readonly identity: string
  /** The series that its last evaluation wrote. */
  series: SeriesMemory
  health: RuleHealth
  lastError: string | undefined
  evaluationMs: DurationMs
  /** Wall-clock time at which the last evaluation began. */
  evaluatedAt: Millis | undefined
}

export interface RecordingRule extends RuleBase {
  readonly kind: 'recording'
  /** Makes the labels of a result those of a recorded series. */
  readonly relabel: LabelChanges
}

export interface AlertingRule extends RuleBase {
  readonly kind: 'alerting'
  readonly forMs: DurationMs
  readonly keepFiringForMs: DurationMs
  readonly annotations: Labels
  readonly labelTemplates: LabelTemplates
  readonly annotationTemplates: LabelTemplates
  readonly active: ActiveAlerts
  /** False until the state from before a restart was looked up; no ALERTS are written before. */
  restored: boolean
}

export type Rule = RecordingRule | AlertingRule

/**
 * A rule that has not been evaluated.
 * @throws RuleError `bad-rules` for an expression that does not parse.
 */
export function createRule(config: RuleConfig, groupLabels: Labels, restored: boolean): Rule {
  const labels = groupLabels.withAll(config.labels).without(...(config.removedLabels ?? []))
  return config.kind === 'recording' ? recordingRule(config, labels) : alertingRule(config, labels, restored)
}

function recordingRule(config: RecordingRuleConfig, labels: Labels): RecordingRule {
  const removed = (config.removedLabels ?? []).map((name) => [name, ''] as const)
  const relabel = compileChanges([...removed, ...labels, [METRIC_NAME, config.record]])
  return { kind: 'recording', ...baseRule(config.record, config, labels, []), relabel }
}

function alertingRule(config: AlertingRuleConfig, labels: Labels, restored: boolean): AlertingRule {
  const { alert, forMs, keepFiringForMs, annotations } = config
  return {
    kind: 'alerting',
    ...baseRule(alert, config, labels, [forMs, keepFiringForMs, annotations.key]),
    forMs,
    keepFiringForMs,
    annotations,
    labelTemplates: compileLabels(alert, labels),
    annotationTemplates: compileLabels(alert, annotations),
    active: new Map(),
    restored,
  }
}

function baseRule(
  name: string,
  { kind, expr, removedLabels = [] }: RuleConfig,
  labels: Labels,
  more: readonly (string | number)[],
): RuleBase {
  const query = printQuery(name, expr)
  return {
    name,
    expr,
    query,
    labels,
    removedLabels,
    identity: JSON.stringify([kind, name, query, labels.key, removedLabels, ...more]),
    series: new SeriesMemory(),
    health: 'unknown',
    lastError: undefined,
    evaluationMs: 0,
    evaluatedAt: undefined,
  }
}

function printQuery(name: string, expr: string): string {
  try {
    return printExpr(parseExpr(expr))
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new RuleError('bad-rules', `rule ${JSON.stringify(name)}: could not parse expression: ${reason}`, { cause: error })
  }
}

/** Rules of two versions of a group are the same rule when these are equal. */
export function nameAndLabels(rule: Rule): string {
  return `${rule.name}${rule.labels.key}`
}
