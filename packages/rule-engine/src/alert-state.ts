// The life of an alert: pending while its condition holds for less than `for`, then firing, kept firing for
// `keep_firing_for` after the condition went, then inactive and still repeated as resolved for a while, so that an
// Alertmanager that missed it hears of it. (Prometheus: rules/alerting.go Eval.)

import type { DurationMs, Labels, Millis } from '@promlet/model'
import { RuleError } from './error.ts'

export type AlertState = 'inactive' | 'pending' | 'firing'

/** One label set that an alerting rule found. Changed by `stepAlerts` and `takeDue` only. */
export interface AlertInstance {
  /** With `alertname`; what identifies the alert. */
  readonly labels: Labels
  annotations: Labels
  state: AlertState
  /** Of the expression at the last evaluation that had it. */
  value: number
  activeAt: Millis
  firedAt: Millis | undefined
  resolvedAt: Millis | undefined
  lastSentAt: Millis | undefined
  keepFiringSince: Millis | undefined
}

/** The alerts of one rule by the key of their labels. */
export type ActiveAlerts = Map<string, AlertInstance>

/** What an evaluation found: one alert per label set. */
export interface FoundAlert {
  readonly labels: Labels
  readonly annotations: Labels
  readonly value: number
}

export interface HoldDurations {
  readonly forMs: DurationMs
  readonly keepFiringForMs: DurationMs
}

/** How long a resolved alert is remembered and repeated. */
export const RESOLVED_RETENTION_MS: DurationMs = 15 * 60_000

/**
 * Moves the alerts of a rule on to the evaluation at `at` and gives those that are pending or firing now.
 * @throws RuleError `limit` when these are more than `limit` (0: no limit); then the rule has no alerts at all.
 */
export function stepAlerts(
  active: ActiveAlerts,
  found: ReadonlyMap<string, FoundAlert>,
  at: Millis,
  durations: HoldDurations,
  limit: number,
): readonly AlertInstance[] {
  for (const [key, alert] of found) update(active, key, alert, at)
  const current: AlertInstance[] = []
  for (const [key, alert] of active) {
    if (found.has(key)) alert.keepFiringSince = undefined
    else if (!keepsFiring(alert, at, durations.keepFiringForMs)) {
      resolve(active, key, alert, at)
      continue
    }
    promote(alert, at, durations.forMs)
    current.push(alert)
  }
  if (limit > 0 && current.length > limit) {
    active.clear()
    throw new RuleError('limit', `exceeded limit of ${limit} with ${current.length} alerts`)
  }
  return current
}

function update(active: ActiveAlerts, key: string, { labels, annotations, value }: FoundAlert, at: Millis): void {
  const known = active.get(key)
  if (known !== undefined && known.state !== 'inactive') {
    known.value = value
    known.annotations = annotations
    return
  }
  active.set(key, {
    labels,
    annotations,
    state: 'pending',
    value,
    activeAt: at,
    firedAt: undefined,
    resolvedAt: undefined,
    lastSentAt: undefined,
    keepFiringSince: undefined,
  })
}

function keepsFiring(alert: AlertInstance, at: Millis, keepFiringForMs: DurationMs): boolean {
  if (alert.state !== 'firing' || keepFiringForMs === 0) return false
  alert.keepFiringSince ??= at
  return at - alert.keepFiringSince < keepFiringForMs
}

function resolve(active: ActiveAlerts, key: string, alert: AlertInstance, at: Millis): void {
  const forgotten = alert.resolvedAt !== undefined && at - alert.resolvedAt > RESOLVED_RETENTION_MS
  if (alert.state === 'pending' || forgotten) active.delete(key)
  if (alert.state === 'inactive') return
  alert.state = 'inactive'
  alert.resolvedAt = at
}

function promote(alert: AlertInstance, at: Millis, forMs: DurationMs): void {
  const held = at - alert.activeAt >= forMs
  if (alert.state === 'pending' && held) {
    alert.state = 'firing'
    alert.firedAt = at
  } else if (alert.state === 'firing' && !held) {
    // A reload made `for` longer: the alert has not been active for long enough any more.
    alert.state = 'pending'
    alert.firedAt = undefined
    alert.lastSentAt = undefined
    alert.keepFiringSince = undefined
  }
}

/** The alerts that have to be told (again) at `at`; they count as sent from then on. */
export function takeDue(active: ActiveAlerts, at: Millis, resendDelayMs: DurationMs): readonly AlertInstance[] {
  const due = [...active.values()].filter((alert) => isDue(alert, at, resendDelayMs))
  for (const alert of due) alert.lastSentAt = at
  return due
}

function isDue({ state, resolvedAt, lastSentAt }: AlertInstance, at: Millis, resendDelayMs: DurationMs): boolean {
  if (state === 'pending') return false
  if (lastSentAt === undefined) return true
  if (resolvedAt !== undefined && resolvedAt > lastSentAt) return true
  return lastSentAt + resendDelayMs < at
}
