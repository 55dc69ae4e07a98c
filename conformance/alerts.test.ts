// The cases of the alert generator compliance suite: what each alert's state is at each evaluation, and what is sent
// to an Alertmanager. The rule engine runs as in production, on a virtual clock; its group's own place in the
// interval is where the case's time 0 is put.

import { loadRuleFile, type RuleFile } from '@promlet/config'
import { type Alert, Labels, type Millis } from '@promlet/model'
import { MemoryStore, VirtualClock } from '@promlet/model/testing'
import { createEngine } from '@promlet/promql'
import { type RuleEngine, ruleChecks, startRuleEngine } from '@promlet/rule-engine'
import { createRegistry, silentLogger } from '@promlet/telemetry'
import { describe, expect, test } from 'vitest'
import { conformanceJson, conformancePath, hasConformance } from './data.ts'

interface AlertCase {
  readonly name: string
  readonly covers: readonly string[]
  readonly sample_interval_seconds: number
  readonly evaluation_interval_seconds: number
  readonly resend_delay_seconds: number
  readonly end_seconds: number
  readonly input: readonly { readonly labels: Record<string, string>; readonly values: readonly (number | null)[] }[]
  readonly states: readonly { readonly from: number; readonly to: number; readonly alerts: readonly ExpectedAlert[] }[]
  readonly notifications: readonly Notification[]
}

interface ExpectedAlert {
  readonly labels: Record<string, string>
  readonly annotations: Record<string, string>
  readonly state: string
  readonly value: number
  readonly active_at: number
}

interface Notification {
  readonly time: number
  readonly state: string
  readonly labels: Record<string, string>
  readonly annotations: Record<string, string>
  readonly starts_at: number
  readonly ends_at: number
}

const DAY = 86_400_000

/** One case as it runs; seconds count from the case's time 0. */
interface Running extends AsyncDisposable {
  readonly engine: RuleEngine
  readonly sent: readonly Omit<Notification, 'repeat'>[]
  /** Goes on to the evaluation at this time. */
  evaluateAt(seconds: number): Promise<void>
  secondsOf(at: Millis): number
}

async function start(given: AlertCase, rules: RuleFile): Promise<Running> {
  const intervalMs = given.evaluation_interval_seconds * 1000
  const zero = DAY + (await placeOfGroup(given, rules, intervalMs))
  const secondsOf = (at: Millis) => (at - zero) / 1000
  const clock = new VirtualClock(zero - intervalMs)
  const store = new MemoryStore()
  await load(store, given, zero)
  const sent: Omit<Notification, 'repeat'>[] = []
  const engine = await startEngine(given, rules, clock, store, (alerts) => {
    for (const alert of alerts) sent.push(notification(alert, clock.now(), secondsOf))
  })
  return {
    engine,
    sent,
    secondsOf,
    evaluateAt: (seconds) => clock.advance(zero + seconds * 1000 - clock.now()),
    [Symbol.asyncDispose]: () => engine.close(),
  }
}

/** When within its interval the group runs: that of its first evaluation after a whole day. */
async function placeOfGroup(given: AlertCase, rules: RuleFile, intervalMs: number): Promise<number> {
  const clock = new VirtualClock(DAY)
  const engine = await startEngine(given, rules, clock, new MemoryStore(), () => {})
  await clock.advance(intervalMs)
  await engine.close()
  return (engine.groups()[0]?.lastEvaluation ?? DAY) - DAY
}

function startEngine(given: AlertCase, rules: RuleFile, clock: VirtualClock, store: MemoryStore, send: (alerts: readonly Alert[]) => void) {
  const groups = rules.groups.filter(({ name }) => name === given.name)
  return startRuleEngine({
    config: {
      ruleFiles: [{ ...rules, groups }],
      evaluationIntervalMs: 60_000,
      queryOffsetMs: 0,
      externalLabels: Labels.empty,
    },
    engine: createEngine({ queryable: store, clock }),
    appendable: store,
    alertSink: { send: async (alerts) => send(alerts) },
    clock,
    logger: silentLogger,
    registry: createRegistry(),
    externalUrl: 'http://localhost:9090',
    resendDelayMs: given.resend_delay_seconds * 1000,
  })
}

async function load(store: MemoryStore, { input, sample_interval_seconds: step }: AlertCase, zero: Millis): Promise<void> {
  const appender = store.appender()
  for (const { labels, values } of input) {
    const ref = appender.series(Labels.of(labels))
    for (const [index, value] of values.entries()) if (value !== null) appender.append(ref, zero + index * step * 1000, value)
  }
  await appender.commit()
}

function notification(alert: Alert, now: Millis, secondsOf: (at: Millis) => number): Omit<Notification, 'repeat'> {
  return {
    time: secondsOf(now),
    state: alert.endsAt > now ? 'firing' : 'resolved',
    labels: alert.labels.toJSON(),
    annotations: alert.annotations.toJSON(),
    starts_at: secondsOf(alert.startsAt),
    ends_at: secondsOf(alert.endsAt),
  }
}

function currentAlerts({ engine, secondsOf }: Running): ExpectedAlert[] {
  const rules = engine.groups().flatMap((group) => group.rules)
  const alerts = rules.flatMap((rule) => (rule.kind === 'alerting' ? rule.alerts : []))
  return sorted(
    alerts.map((alert) => ({
      labels: alert.labels.toJSON(),
      annotations: alert.annotations.toJSON(),
      state: alert.state,
      value: alert.value,
      active_at: secondsOf(alert.activeAt),
    })),
  )
}

/** Alerts of one moment have no order. */
function sorted<T extends { readonly labels: Record<string, string>; readonly time?: number }>(alerts: readonly T[]): T[] {
  const keyOf = ({ time = 0, labels }: T) => `${String(time).padStart(6, '0')} ${Labels.of(labels).key}`
  return alerts.toSorted((left, right) => (keyOf(left) < keyOf(right) ? -1 : 1))
}

describe.skipIf(!hasConformance)('alerts live and are told as the compliance suite asks', () => {
  for (const given of hasConformance ? conformanceJson<AlertCase[]>('alerts/cases.json') : []) {
    test(`${given.name}: ${given.covers.join('; ')}`, async () => {
      const rules = await loadRuleFile(conformancePath('alerts/rules.yaml'), ruleChecks)
      await using running = await start(given, rules)
      for (let seconds = 0; seconds <= given.end_seconds; seconds += given.evaluation_interval_seconds) {
        await running.evaluateAt(seconds)
        const expected = given.states.find(({ from, to }) => from <= seconds && seconds <= to)
        expect({ seconds, alerts: currentAlerts(running) }).toEqual({ seconds, alerts: sorted(expected?.alerts ?? []) })
      }
      const notifications = given.notifications.map(({ time, state, labels, annotations, starts_at, ends_at }) => {
        return { time, state, labels, annotations, starts_at, ends_at }
      })
      expect(sorted(running.sent)).toEqual(sorted(notifications))
    })
  }
})
