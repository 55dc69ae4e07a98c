import { type Alert, type DurationMs, Labels, METRIC_NAME, type Millis, type VectorSample } from '@promlet/model'
import { tableLink } from '@promlet/template'
import { type AlertInstance, type FoundAlert, stepAlerts, takeDue } from './alert-state.ts'
import { expandLabels, type TemplateContext } from './alert-templates.ts'
import { RuleError } from './error.ts'
import { compileChanges } from './label-changes.ts'
import type { AlertingRule } from './rule.ts'

export const ALERT_NAME = 'alertname'
export const ALERTS = 'ALERTS'
export const ALERTS_FOR_STATE = 'ALERTS_FOR_STATE'
const ALERT_STATE = 'alertstate'

export interface AlertEvaluation {
  /** The evaluation's time, not moved by the query offset. */
  readonly at: Millis
  /** The time of the samples: `at` less the query offset. */
  readonly sampleAt: Millis
  readonly limit: number
  readonly templates: TemplateContext
}

/**
 * Moves a rule's alerts on with the result of its expression; gives the ALERTS and ALERTS_FOR_STATE samples to write.
 * @throws RuleError `duplicate-labels` or `limit`
 */
export async function evaluateAlerts(
  rule: AlertingRule,
  result: readonly VectorSample[],
  evaluation: AlertEvaluation,
): Promise<readonly VectorSample[]> {
  const found = new Map<string, FoundAlert>()
  for (const sample of result) {
    const alert = await foundAlert(rule, sample, evaluation.templates)
    if (found.has(alert.labels.key)) {
      throw new RuleError('duplicate-labels', 'vector contains metrics with the same labelset after applying alert labels')
    }
    found.set(alert.labels.key, alert)
  }
  const current = stepAlerts(rule.active, found, evaluation.at, rule, evaluation.limit)
  return rule.restored ? current.flatMap((alert) => stateSamples(alert, evaluation.sampleAt)) : []
}

async function foundAlert(rule: AlertingRule, sample: VectorSample, context: TemplateContext): Promise<FoundAlert> {
  const pairs = await expandLabels(rule.labelTemplates, sample, context)
  const annotations = await expandLabels(rule.annotationTemplates, sample, context)
  const removed = rule.removedLabels.map((name) => [name, ''] as const)
  const change = compileChanges([...removed, ...pairs, [METRIC_NAME, ''], [ALERT_NAME, rule.name]])
  return {
    labels: change(sample.labels),
    annotations: Labels.fromPairs(annotations),
    value: sample.value,
  }
}

const stateChanges = {
  pending: compileChanges([
    [METRIC_NAME, ALERTS],
    [ALERT_STATE, 'pending'],
  ]),
  firing: compileChanges([
    [METRIC_NAME, ALERTS],
    [ALERT_STATE, 'firing'],
  ]),
  forState: compileChanges([[METRIC_NAME, ALERTS_FOR_STATE]]),
}

function stateSamples({ labels, state, activeAt }: AlertInstance, at: Millis): VectorSample[] {
  const change = state === 'firing' ? stateChanges.firing : stateChanges.pending
  return [
    { labels: change(labels), at, value: 1 },
    { labels: stateChanges.forState(labels), at, value: Math.floor(activeAt / 1000) },
  ]
}

export interface SendSettings {
  readonly resendDelayMs: DurationMs
  readonly intervalMs: DurationMs
  readonly externalUrl: string
}

/** The alerts that are due to be sent at `at`, as an Alertmanager takes them. */
export function dueAlerts(rule: AlertingRule, at: Millis, { resendDelayMs, intervalMs, externalUrl }: SendSettings): readonly Alert[] {
  // Two evaluations or sendings may fail before a firing alert ends by itself.
  const validUntil = at + 4 * Math.max(intervalMs, resendDelayMs)
  return takeDue(rule.active, at, resendDelayMs).map(({ labels, annotations, firedAt, resolvedAt }) => ({
    labels,
    annotations,
    startsAt: firedAt ?? at,
    endsAt: resolvedAt ?? validUntil,
    generatorUrl: externalUrl + tableLink(rule.query),
  }))
}
