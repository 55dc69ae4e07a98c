import { Counter, Gauge, Histogram, type Registry, Summary } from '@promlet/telemetry'

const QUANTILES = [0.5, 0.9, 0.99]
/** As Go's client library forgets by default. */
const MAX_AGE = { maxAgeSeconds: 600, ageBuckets: 5 }
const BUCKETS = [0.01, 0.1, 1, 10]

/** The metrics of rule evaluation, under Prometheus's names. */
export interface RuleMetrics {
  /** Seconds one rule took. */
  evaluated(seconds: number): void
  /** Seconds one iteration of a group took. */
  iterated(seconds: number): void
  readonly evaluations: Counter<'rule_group'>
  readonly failures: Counter<'rule_group'>
  readonly iterations: Counter<'rule_group'>
  readonly iterationsMissed: Counter<'rule_group'>
  readonly interval: Gauge<'rule_group'>
  readonly lastEvaluation: Gauge<'rule_group'>
  readonly lastDuration: Gauge<'rule_group'>
  readonly lastRuleDurationSum: Gauge<'rule_group'>
  readonly lastRestoreDuration: Gauge<'rule_group'>
  readonly lastSamples: Gauge<'rule_group'>
  readonly rules: Gauge<'rule_group'>
  readonly templateExpansions: Counter
  readonly templateFailures: Counter
}

export function createRuleMetrics(registry: Registry): RuleMetrics {
  const registers = [registry]
  const counter = (name: string, help: string) => new Counter({ name, help, labelNames: ['rule_group'] as const, registers })
  const gauge = (name: string, help: string) => new Gauge({ name, help, labelNames: ['rule_group'] as const, registers })
  const summary = (name: string, help: string, percentiles: number[]) => new Summary({ name, help, percentiles, ...MAX_AGE, registers })
  const histogram = (name: string, help: string) => new Histogram({ name, help, buckets: BUCKETS, registers })
  const evaluation = summary('prometheus_rule_evaluation_duration_seconds', 'The duration for a rule to execute.', QUANTILES)
  const evaluationBuckets = histogram('prometheus_rule_evaluation_duration_histogram_seconds', 'The duration for a rule to execute.')
  const iteration = summary('prometheus_rule_group_duration_seconds', 'The duration of rule group evaluations.', [0.01, 0.05, ...QUANTILES])
  const iterationBuckets = histogram('prometheus_rule_group_duration_histogram_seconds', 'The duration of rule group evaluations.')
  return {
    evaluated: (seconds) => {
      evaluation.observe(seconds)
      evaluationBuckets.observe(seconds)
    },
    iterated: (seconds) => {
      iteration.observe(seconds)
      iterationBuckets.observe(seconds)
    },
    evaluations: counter('prometheus_rule_evaluations_total', 'The total number of rule evaluations.'),
    failures: counter('prometheus_rule_evaluation_failures_total', 'The total number of rule evaluation failures.'),
    iterations: counter(
      'prometheus_rule_group_iterations_total',
      'The total number of scheduled rule group evaluations, whether executed or missed.',
    ),
    iterationsMissed: counter(
      'prometheus_rule_group_iterations_missed_total',
      'The total number of rule group evaluations missed due to slow rule group evaluation.',
    ),
    interval: gauge('prometheus_rule_group_interval_seconds', 'The interval of a rule group.'),
    lastEvaluation: gauge(
      'prometheus_rule_group_last_evaluation_timestamp_seconds',
      'The timestamp of the last rule group evaluation in seconds.',
    ),
    lastDuration: gauge('prometheus_rule_group_last_duration_seconds', 'The duration of the last rule group evaluation.'),
    lastRuleDurationSum: gauge(
      'prometheus_rule_group_last_rule_duration_sum_seconds',
      'The sum of time in seconds it took to evaluate each rule in the group regardless of concurrency.',
    ),
    lastRestoreDuration: gauge(
      'prometheus_rule_group_last_restore_duration_seconds',
      'The duration of the last alert rules alerts restoration using the `ALERTS_FOR_STATE` series.',
    ),
    lastSamples: gauge(
      'prometheus_rule_group_last_evaluation_samples',
      'The number of samples returned during the last rule group evaluation.',
    ),
    rules: gauge('prometheus_rule_group_rules', 'The number of rules.'),
    templateExpansions: new Counter({
      name: 'prometheus_template_text_expansions_total',
      help: 'The total number of template text expansions.',
      registers,
    }),
    templateFailures: new Counter({
      name: 'prometheus_template_text_expansion_failures_total',
      help: 'The total number of template text expansion failures.',
      registers,
    }),
  }
}

/** Makes all series of a group appear, with zeros. */
export function initGroupMetrics(metrics: RuleMetrics, group: string, rules: number, intervalSeconds: number): void {
  const label = { rule_group: group }
  for (const counter of [metrics.evaluations, metrics.failures, metrics.iterations, metrics.iterationsMissed]) counter.inc(label, 0)
  for (const gauge of [metrics.lastEvaluation, metrics.lastDuration, metrics.lastSamples]) gauge.inc(label, 0)
  metrics.rules.set(label, rules)
  metrics.interval.set(label, intervalSeconds)
}

/** Takes the series of a group that is no longer configured from the exposition. */
export function removeGroupMetrics(metrics: RuleMetrics, group: string): void {
  for (const metric of [
    metrics.evaluations,
    metrics.failures,
    metrics.iterations,
    metrics.iterationsMissed,
    metrics.interval,
    metrics.lastEvaluation,
    metrics.lastDuration,
    metrics.lastRuleDurationSum,
    metrics.lastRestoreDuration,
    metrics.lastSamples,
    metrics.rules,
  ]) {
    metric.remove({ rule_group: group })
  }
}
