import type { ScrapeConfig } from '@promlet/config'
import { type Appendable, isStaleAt } from '@promlet/model'
import { MemoryStore, VirtualClock } from '@promlet/model/testing'
import { createRegistry, silentLogger } from '@promlet/telemetry'
import { type Scraper, startScraper } from '../src/index.ts'
import { FakeTargets } from './fake-targets.ts'

/** 2024-02-29T12:00:00Z. */
export const START = 1_709_208_000_000

/** A job with Prometheus's defaults, one target `web:8080` every 10 s. */
export function job(change: Partial<ScrapeConfig> = {}): ScrapeConfig {
  const limits = {
    bodyBytesMax: 0,
    samplesMax: 0,
    labelsMax: 0,
    labelNameLengthMax: 0,
    labelValueLengthMax: 0,
    targetsMax: 0,
    keepDroppedTargetsMax: 0,
  }
  return {
    jobName: 'web',
    scrapeIntervalMs: 10_000,
    scrapeTimeoutMs: 5_000,
    metricsPath: '/metrics',
    scheme: 'http',
    params: {},
    honorLabels: false,
    honorTimestamps: true,
    trackTimestampsStaleness: false,
    enableCompression: true,
    http: { followRedirects: true, headers: {} },
    discovery: [{ kind: 'static', groups: [{ targets: ['web:8080'], labels: {} }] }],
    relabelConfigs: [],
    metricRelabelConfigs: [],
    fallbackScrapeProtocol: '',
    ...change,
    limits: { ...limits, ...change.limits },
  }
}

export const WEB = 'http://web:8080/metrics'

/** A running scraper on a virtual clock, an in-memory store and fake targets. */
export interface Harness {
  readonly clock: VirtualClock
  readonly store: MemoryStore
  readonly targets: FakeTargets
  readonly scraper: Scraper
  /** Lets time pass until just after the next scrape of a 10 s job. */
  scrape(): Promise<void>
  /** The series by their labels as text, the samples as `seconds:value`, counted from the first scrape; `stale` for the marker. */
  samples(name?: RegExp): Record<string, string>
  /** The value of one of the scraper's own metrics. */
  metric(name: string): Promise<number | undefined>
}

export async function startHarness(
  config: readonly ScrapeConfig[],
  answers: Readonly<Record<string, string>>,
  appendable?: (store: MemoryStore) => Appendable,
): Promise<Harness> {
  const clock = new VirtualClock(START)
  const store = new MemoryStore()
  const targets = new FakeTargets()
  for (const [url, body] of Object.entries(answers)) targets.answers.set(url, body)
  const registry = createRegistry()
  const sink = appendable?.(store) ?? store
  const options = { clock, appendable: sink, logger: silentLogger, registry, httpClient: targets.factory, version: '0.1.0' }
  const scraper = await startScraper({ ...options, config })
  return {
    clock,
    store,
    targets,
    scraper,
    scrape: () => clock.advance(10_000),
    samples: (name = /./) => samplesOf(store, name),
    metric: async (name) => (await registry.getSingleMetric(name)?.get())?.values[0]?.value,
  }
}

function samplesOf(store: MemoryStore, name: RegExp): Record<string, string> {
  const first = Math.min(...store.stored.flatMap(({ rows }) => rows.map(({ at }) => at)))
  const series = store.stored
    .filter(({ labels, rows }) => name.test(labels.metricName) && rows.length > 0)
    .map(({ labels, rows }) => [
      labels.toString(),
      rows.map(({ at, value }) => `${(at - first) / 1000}:${isStaleAt(value, 0) ? 'stale' : value[0]}`).join(' '),
    ])
  return Object.fromEntries(series)
}
