import { parseRuleFile, type RuleFile } from '@promlet/config'
import { type Alert, type AlertSink, Labels, type Millis } from '@promlet/model'
import { MemoryStore, VirtualClock } from '@promlet/model/testing'
import { createEngine } from '@promlet/promql'
import { createRegistry, type Registry, silentLogger } from '@promlet/telemetry'
import { type RuleEngine, type RuleEngineConfig, type RuleEngineOptions, startRuleEngine } from '../src/engine.ts'
import { groupOffset } from '../src/schedule.ts'

export const FILE = '/etc/rules.yml'
export const SECOND = 1000
export const MINUTE = 60_000

/** A multiple of every interval that the tests use. */
const EPOCH = 1_700_000_400_000

export interface Sent {
  readonly at: Millis
  readonly alerts: readonly Alert[]
}

/** A rule engine over a memory store, with the real query engine and a clock that is held in the hand. */
export interface Lab {
  readonly clock: VirtualClock
  readonly store: MemoryStore
  readonly engine: RuleEngine
  readonly registry: Registry
  readonly sent: Sent[]
  /** The slot from which the lab starts; the first evaluation is one interval later. */
  readonly start: Millis
  /** Writes one sample now. */
  put(series: string, value: number): Promise<void>
  /** The values of a query, by labels without the metric name, now. */
  query(expr: string): Promise<Record<string, number>>
  reload(yaml: string, config?: Partial<RuleEngineConfig>): Promise<void>
  /** The value of one of its metrics. */
  metric(name: string): Promise<number | undefined>
}

export interface LabOptions
  extends Partial<Pick<RuleEngineOptions, 'alertSink' | 'forGracePeriodMs' | 'forOutageToleranceMs' | 'appendable' | 'concurrency'>> {
  /** The place of this group decides when the lab starts. */
  readonly group?: string
  readonly intervalMs?: number
  readonly store?: MemoryStore
  readonly clock?: VirtualClock
  readonly config?: Partial<RuleEngineConfig>
}

export function rulesFrom(yaml: string, file: string = FILE): readonly RuleFile[] {
  return yaml === '' ? [] : [parseRuleFile(yaml, { file })]
}

export async function openLab(yaml: string, options: LabOptions = {}): Promise<Lab> {
  const intervalMs = options.intervalMs ?? MINUTE
  const start = EPOCH + groupOffset(FILE, options.group ?? 'node', intervalMs)
  const clock = options.clock ?? new VirtualClock(start)
  const store = options.store ?? new MemoryStore()
  const queries = createEngine({ queryable: store, clock })
  const sent: Sent[] = []
  const alertSink: AlertSink = options.alertSink ?? { send: async (alerts) => void sent.push({ at: clock.now(), alerts }) }
  const registry = createRegistry()
  const config = (rules: string, more: Partial<RuleEngineConfig> = {}): RuleEngineConfig => ({
    ruleFiles: rulesFrom(rules),
    evaluationIntervalMs: MINUTE,
    queryOffsetMs: 0,
    externalLabels: Labels.of({ cluster: 'eu' }),
    ...options.config,
    ...more,
  })
  const { forGracePeriodMs, forOutageToleranceMs, concurrency } = options
  const engine = await startRuleEngine({
    config: config(yaml),
    engine: queries,
    appendable: options.appendable ?? store,
    alertSink,
    clock,
    logger: silentLogger,
    registry,
    externalUrl: 'http://prometheus:9090',
    ...(forGracePeriodMs !== undefined && { forGracePeriodMs }),
    ...(forOutageToleranceMs !== undefined && { forOutageToleranceMs }),
    ...(concurrency !== undefined && { concurrency }),
  })
  return {
    clock,
    store,
    engine,
    registry,
    sent,
    start,
    put: (series, value) => put(store, series, clock.now(), value),
    async query(expr) {
      const { value } = await queries.instant(expr, clock.now())
      if (value.kind !== 'vector') throw new Error(`${expr} is no vector`)
      return Object.fromEntries(value.samples.map((sample) => [labelText(sample.labels), sample.value]))
    },
    reload: (rules, more) => engine.reload(config(rules, more)),
    async metric(name) {
      const text = await registry.metrics()
      const line = text.split('\n').find((candidate) => candidate.startsWith(`${name} `) || candidate.startsWith(`${name}{`))
      return line === undefined ? undefined : Number(line.split(' ').at(-1))
    },
  }
}

/** `name{job="node"}` */
export async function put(store: MemoryStore, series: string, at: Millis, value: number): Promise<void> {
  const appender = store.appender()
  appender.append(appender.series(parseSeries(series)), at, value)
  await appender.commit()
}

function parseSeries(series: string): Labels {
  const pairs: [string, string][] = [...series.matchAll(/(\w+)="([^"]*)"/g)].map((match) => [match[1] as string, match[2] as string])
  return Labels.fromPairs([['__name__', series.replace(/\{.*/, '')], ...pairs])
}

function labelText(labels: Labels): string {
  return [...labels.without('__name__')].map(([name, value]) => `${name}=${value}`).join(' ')
}

/** All samples of a series in the store: `time/value` with the time in seconds after `start`; a stale marker is `stale`. */
export function history(store: MemoryStore, start: Millis, series: string): string[] {
  const wanted = parseSeries(series).key
  const stored = store.stored.find(({ labels }) => labels.key === wanted)
  return (stored?.rows ?? []).map(({ at, value }) => {
    const bits = new BigUint64Array(value.buffer.slice(value.byteOffset, value.byteOffset + 8))[0]
    return `${(at - start) / SECOND}/${bits === 0x7ff0000000000002n ? 'stale' : value[0]}`
  })
}
