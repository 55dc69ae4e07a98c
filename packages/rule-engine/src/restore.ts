// After a restart, an alert with a long `for` need not wait all over again: when it was active before, it goes on from
// there. The store still has ALERTS_FOR_STATE, whose value is when the alert became active.
// (Prometheus: rules/group.go RestoreForState.)

import { type DurationMs, type Labels, Matcher, METRIC_NAME, type Millis, type QueryEngine } from '@promlet/model'
import type { AlertInstance } from './alert-state.ts'
import { ALERT_NAME, ALERTS_FOR_STATE } from './alerting-rule.ts'
import { queryVector } from './query.ts'
import type { AlertingRule } from './rule.ts'

export interface RestoreSettings {
  /** Alerts that were last written longer ago than this start anew. */
  readonly outageToleranceMs: DurationMs
  /** An alert waits at least this long after the restart before it fires. */
  readonly gracePeriodMs: DurationMs
}

/** What is known of an alert from before the restart. */
interface Before {
  /** The time of its last ALERTS_FOR_STATE sample. */
  readonly writtenAt: Millis
  readonly activeAt: Millis
}

/** Sets `activeAt` of a rule's alerts as it was before a restart. @throws QueryError */
export async function restoreAlerts(
  rule: AlertingRule,
  engine: QueryEngine,
  now: Millis,
  settings: RestoreSettings,
  signal: AbortSignal | undefined,
): Promise<number> {
  // A shorter `for` than the grace period is waited for from the start.
  if (rule.forMs < settings.gracePeriodMs || rule.active.size === 0) return 0
  const before = await stateBefore(rule, engine, now, settings.outageToleranceMs, signal)
  let restored = 0
  for (const alert of rule.active.values()) {
    const known = before.get(alert.labels.key)
    if (known === undefined) continue
    alert.activeAt = restoredActiveAt(known, now, rule.forMs, settings.gracePeriodMs)
    restored++
  }
  return restored
}

/**
 * The last state of the rule's alerts. Asked by instant queries that look back as far as an outage may last: they
 * leave out series that were marked stale, whose alert had ended before the outage.
 */
async function stateBefore(
  rule: AlertingRule,
  engine: QueryEngine,
  now: Millis,
  lookbackMs: DurationMs,
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<string, Before>> {
  const selector = stateSelector(rule)
  const options = { lookbackMs, ...(signal && { signal }) }
  const lookback: QueryEngine = {
    instant: (expr, at) => engine.instant(expr, at, options),
    range: (expr, start, end, step) => engine.range(expr, start, end, step, options),
  }
  const active = await queryVector(lookback, selector, now, signal)
  const written = await queryVector(lookback, `timestamp(${selector})`, now, signal)
  const writtenAt = new Map(written.map(({ labels, value }) => [alertKey(labels), value * 1000] as const))
  const before = new Map<string, Before>()
  for (const { labels, value } of active) {
    const key = alertKey(labels)
    const at = writtenAt.get(key)
    // Whole seconds, as Prometheus counts here.
    if (at !== undefined) before.set(key, { writtenAt: Math.floor(at / 1000) * 1000, activeAt: Math.trunc(value) * 1000 })
  }
  return before
}

function alertKey(labels: Labels): string {
  return labels.without(METRIC_NAME).key
}

function stateSelector(rule: AlertingRule): string {
  // Labels with templates differ from alert to alert.
  const fixed = [...rule.labels].filter(([name, value]) => name !== ALERT_NAME && !value.includes('{{'))
  const matchers = [[ALERT_NAME, rule.name] as const, ...fixed].map(([name, value]) => new Matcher(name, '=', value).toString())
  return `${ALERTS_FOR_STATE}{${matchers.join(',')}}`
}

function restoredActiveAt({ writtenAt, activeAt }: Before, now: Millis, forMs: DurationMs, gracePeriodMs: DurationMs): Millis {
  const remaining = forMs - (writtenAt - activeAt)
  // It was firing: the next evaluation makes it fire again.
  if (remaining <= 0) return activeAt
  // It would fire within the grace period: it fires at its end.
  if (remaining < gracePeriodMs) return now + gracePeriodMs - forMs
  // The outage does not count as time in which it was active.
  return activeAt + (now - writtenAt)
}

/** What a log line says of an alert. */
export function alertText(alert: AlertInstance): string {
  return alert.labels.toString()
}
