// One evaluation of one rule: ask, apply the rule, tell the sink, write, and note how it went.

import type { AlertSink, Appendable, Clock, DurationMs, Labels, Millis, QueryEngine, VectorSample } from '@promlet/model'
import { QueryError } from '@promlet/model'
import type { Logger } from '@promlet/telemetry'
import type { TemplateContext } from './alert-templates.ts'
import { dueAlerts, evaluateAlerts } from './alerting-rule.ts'
import type { RuleMetrics } from './metrics.ts'
import { queryVector } from './query.ts'
import { recordedSamples } from './recording-rule.ts'
import type { AlertingRule, Rule } from './rule.ts'
import { writeSamples } from './write.ts'

export interface EvaluationContext {
  readonly engine: QueryEngine
  readonly appendable: Appendable
  readonly alertSink: AlertSink
  readonly clock: Clock
  readonly metrics: RuleMetrics
  readonly externalUrl: string
  readonly resendDelayMs: DurationMs
  /** Read at each evaluation, so that a reload reaches groups that did not change. */
  externalLabels(): Labels
}

export interface Evaluation {
  readonly at: Millis
  readonly queryOffsetMs: DurationMs
  readonly intervalMs: DurationMs
  readonly limit: number
  readonly group: string
  readonly signal: AbortSignal | undefined
}

/** Evaluates and never throws: what went wrong is the rule's health and last error. Gives how many samples there were. */
export async function evaluateRule(rule: Rule, evaluation: Evaluation, context: EvaluationContext, log: Logger): Promise<number> {
  const { clock, metrics } = context
  const label = { rule_group: evaluation.group }
  const begun = clock.now()
  const start = clock.monotonic()
  metrics.evaluations.inc(label)
  try {
    return await evaluateAndWrite(rule, evaluation, context, log)
  } catch (err) {
    rule.health = 'err'
    rule.lastError = err instanceof Error ? err.message : String(err)
    metrics.failures.inc(label)
    if (!isCanceled(err, evaluation.signal)) log.warn({ err, query: rule.query }, 'evaluating a rule failed')
    return 0
  } finally {
    rule.evaluationMs = clock.monotonic() - start
    rule.evaluatedAt = begun
    metrics.evaluated(rule.evaluationMs / 1000)
  }
}

function isCanceled(error: unknown, signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true || (error instanceof QueryError && error.code === 'canceled')
}

async function evaluateAndWrite(rule: Rule, evaluation: Evaluation, context: EvaluationContext, log: Logger): Promise<number> {
  const { at, queryOffsetMs, signal } = evaluation
  const sampleAt = at - queryOffsetMs
  const result = await queryVector(context.engine, rule.expr, sampleAt, signal)
  const samples = await applyRule(rule, result, sampleAt, evaluation, context, log)
  rule.health = 'ok'
  rule.lastError = undefined
  if (rule.kind === 'alerting') await sendAlerts(rule, evaluation, context, log)
  await writeSamples(context.appendable, rule.series, samples, sampleAt, signal)
  return samples.length
}

async function applyRule(
  rule: Rule,
  result: readonly VectorSample[],
  sampleAt: Millis,
  evaluation: Evaluation,
  context: EvaluationContext,
  log: Logger,
): Promise<readonly VectorSample[]> {
  const { at, limit } = evaluation
  if (rule.kind === 'recording') return recordedSamples(rule, result, sampleAt, limit)
  return await evaluateAlerts(rule, result, { at, sampleAt, limit, templates: templateContext(evaluation, context, log) })
}

function templateContext({ at, signal }: Evaluation, context: EvaluationContext, log: Logger): TemplateContext {
  const { engine, externalUrl, metrics } = context
  return {
    at,
    externalLabels: context.externalLabels(),
    externalUrl,
    query: (expr) => queryVector(engine, expr, at, signal),
    expanded(err) {
      metrics.templateExpansions.inc()
      if (err === undefined) return
      metrics.templateFailures.inc()
      log.warn({ err }, 'expanding an alert template failed')
    },
  }
}

async function sendAlerts(rule: AlertingRule, evaluation: Evaluation, context: EvaluationContext, log: Logger): Promise<void> {
  const { resendDelayMs, externalUrl } = context
  const due = dueAlerts(rule, evaluation.at, { resendDelayMs, intervalMs: evaluation.intervalMs, externalUrl })
  if (due.length === 0) return
  try {
    await context.alertSink.send(due)
  } catch (err) {
    // Firing alerts are repeated, and resolved ones for a while.
    log.warn({ err, count: due.length }, 'alerts could not be sent')
  }
}
