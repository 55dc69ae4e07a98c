// Rules and alerts as the API shows them. Prometheus: web/api/v1 RuleGroup, AlertingRule, RecordingRule, Alert.

import type { Millis } from '@promlet/model'
import type { AlertStatus, RuleGroupStatus, RuleStatus } from '@promlet/rule-engine'

/** A group with those of its rules that are to be shown. */
export function groupJson(group: RuleGroupStatus, rules: readonly RuleStatus[], withAlerts: boolean) {
  return {
    name: group.name,
    file: group.file,
    rules: rules.map((rule) => ruleJson(rule, withAlerts)),
    interval: group.intervalMs / 1000,
    limit: group.limit,
    evaluationTime: group.evaluationTimeMs / 1000,
    lastEvaluation: timeText(group.lastEvaluation),
  }
}

function ruleJson(rule: RuleStatus, withAlerts: boolean) {
  const { name, query, labels } = rule
  const outcome = {
    health: rule.health,
    ...(rule.lastError === undefined ? {} : { lastError: rule.lastError }),
    evaluationTime: rule.evaluationTimeMs / 1000,
    lastEvaluation: timeText(rule.lastEvaluation),
  }
  if (rule.kind === 'recording') return { name, query, ...(labels.size === 0 ? {} : { labels }), ...outcome, type: 'recording' }
  return {
    state: rule.state,
    name,
    query,
    duration: rule.forMs / 1000,
    keepFiringFor: rule.keepFiringForMs / 1000,
    labels,
    annotations: rule.annotations,
    alerts: withAlerts ? rule.alerts.map(alertJson) : [],
    ...outcome,
    type: 'alerting',
  }
}

export function alertJson({ labels, annotations, state, activeAt, keepFiringSince, value }: AlertStatus) {
  const kept = keepFiringSince === undefined ? {} : { keepFiringSince: timeText(keepFiringSince) }
  return { labels, annotations, state, activeAt: timeText(activeAt), ...kept, value: exponentText(value) }
}

/** RFC 3339; Go's zero time for what never was. */
export function timeText(at: Millis | undefined): string {
  return at === undefined ? '0001-01-01T00:00:00Z' : new Date(at).toISOString()
}

/** The shortest exponent form, as Go's 'e' format has it: 1 is `1e+00`. */
function exponentText(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf'
  return value.toExponential().replace(/e([+-])(\d)$/, 'e$10$2')
}
