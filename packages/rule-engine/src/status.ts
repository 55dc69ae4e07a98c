// What `/api/v1/rules` and `/api/v1/alerts` tell: a copy of the state at one moment.

import type { DurationMs, Labels, Millis } from '@promlet/model'
import type { AlertInstance } from './alert-state.ts'
import type { AlertingRule, Rule, RuleHealth } from './rule.ts'

export interface RuleGroupStatus {
  readonly name: string
  readonly file: string
  readonly intervalMs: DurationMs
  /** 0: no limit. */
  readonly limit: number
  /** How long the last iteration took. */
  readonly evaluationTimeMs: DurationMs
  /** Wall-clock time at which the last iteration began; undefined before the first. */
  readonly lastEvaluation: Millis | undefined
  readonly rules: readonly RuleStatus[]
}

export type RuleStatus = RecordingRuleStatus | AlertingRuleStatus

interface RuleStatusBase {
  readonly name: string
  /** The expression as Prometheus prints it. */
  readonly query: string
  /** With the group's; templates are not expanded. */
  readonly labels: Labels
  readonly health: RuleHealth
  readonly lastError: string | undefined
  readonly evaluationTimeMs: DurationMs
  readonly lastEvaluation: Millis | undefined
}

export interface RecordingRuleStatus extends RuleStatusBase {
  readonly kind: 'recording'
}

export interface AlertingRuleStatus extends RuleStatusBase {
  readonly kind: 'alerting'
  /** The highest of its alerts; `unknown` before the first evaluation. */
  readonly state: 'unknown' | 'inactive' | 'pending' | 'firing'
  readonly forMs: DurationMs
  readonly keepFiringForMs: DurationMs
  /** Templates, not expanded. */
  readonly annotations: Labels
  /** Those that are pending or firing. */
  readonly alerts: readonly AlertStatus[]
}

export interface AlertStatus {
  readonly labels: Labels
  readonly annotations: Labels
  readonly state: 'pending' | 'firing'
  readonly activeAt: Millis
  /** Since when its condition no longer holds, while `keep_firing_for` keeps it. */
  readonly keepFiringSince: Millis | undefined
  readonly value: number
}

export function ruleStatus(rule: Rule): RuleStatus {
  const { name, query, labels, health, lastError } = rule
  const base = { name, query, labels, health, lastError, evaluationTimeMs: rule.evaluationMs, lastEvaluation: rule.evaluatedAt }
  if (rule.kind === 'recording') return { kind: 'recording', ...base }
  const { forMs, keepFiringForMs, annotations } = rule
  const alerts = [...rule.active.values()].flatMap(alertStatus)
  return { kind: 'alerting', ...base, state: ruleState(rule), forMs, keepFiringForMs, annotations, alerts }
}

function ruleState(rule: AlertingRule): AlertingRuleStatus['state'] {
  if (rule.evaluatedAt === undefined) return 'unknown'
  const states = new Set([...rule.active.values()].map(({ state }) => state))
  if (states.has('firing')) return 'firing'
  return states.has('pending') ? 'pending' : 'inactive'
}

function alertStatus({ labels, annotations, state, activeAt, keepFiringSince, value }: AlertInstance): AlertStatus[] {
  return state === 'inactive' ? [] : [{ labels, annotations, state, activeAt, keepFiringSince, value }]
}
