import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Labels, Matcher, type SeriesRef } from '@promlet/model'
import { VirtualClock } from '@promlet/model/testing'
import { openDatabase } from '@promlet/sqlite'
import { createRegistry, type Registry, silentLogger } from '@promlet/telemetry'
import { afterAll, describe, expect, test } from 'vitest'
import { openStore, type Store, type StoreSettings } from '../src/index.ts'
import { migrations } from '../src/schema.ts'

const root = mkdtempSync(join(tmpdir(), 'promlet-maintenance-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

const NOW = Date.UTC(2026, 0, 1)
const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

class Subject {
  readonly clock: VirtualClock
  readonly registry: Registry = createRegistry()
  readonly store: Store

  private constructor(store: Store, clock: VirtualClock, registry: Registry) {
    this.store = store
    this.clock = clock
    this.registry = registry
  }

  static async open(path = ':memory:', settings: StoreSettings = {}): Promise<Subject> {
    const clock = new VirtualClock(NOW)
    const registry = createRegistry()
    return new Subject(await openStore({ path, clock, logger: silentLogger, registry, ...settings }), clock, registry)
  }

  /** Scrapes of one target, as rows, with the clock or without. */
  async scrape(
    names: readonly string[],
    times: number,
    options: { readonly advance?: boolean; readonly noise?: boolean } = {},
  ): Promise<void> {
    const step = 15_000
    for (let index = 0; index < times; index++) {
      if (options.advance !== false) await this.clock.advance(step)
      await using appender = this.store.appender()
      const refs = names.map((name) => appender.series(Labels.of({ __name__: name, job: 'api' })))
      const at = this.#next(step)
      const values = Float64Array.from(names, (_, slot) => (options.noise ? Math.sin(at + slot) : at / 1000 + slot))
      appender.appendRow(appender.layout(refs), at, values, new Uint8Array(names.length).fill(1))
      await appender.commit()
    }
  }

  #at = NOW - 10 * DAY
  #next(step: number): number {
    this.#at += step
    return this.#at
  }

  skip(duration: number): void {
    this.#at += duration
  }

  async metric(name: string): Promise<number> {
    const metric = await this.registry.getSingleMetric(name)?.get()
    return metric?.values.reduce((sum, { value }) => sum + value, 0) ?? Number.NaN
  }

  async names(): Promise<readonly string[]> {
    return this.store.labelValues('__name__', { from: 0, to: Infinity }, [])
  }

  async count(name: string): Promise<number> {
    const [found = []] = await this.store.select([{ matchers: [new Matcher('__name__', '=', name)], from: 0, to: Infinity }])
    return found.reduce((sum, { times }) => sum + times.length, 0)
  }
}

describe('compaction', () => {
  test('happens by itself, keeps every sample, and merges blocks until they hold two hours', async () => {
    const subject = await Subject.open()
    await subject.scrape(['up', 'go_goroutines'], 1_500)
    await subject.clock.advance(MINUTE)
    expect(await subject.metric('promlet_tsdb_batches')).toBeLessThan(130)
    expect(await subject.metric('prometheus_tsdb_blocks_loaded')).toBeLessThanOrEqual(6)
    // 12 of batches, and one for every four or five of these.
    expect(await subject.metric('prometheus_tsdb_compactions_total')).toBeGreaterThan(12)
    expect(await subject.metric('prometheus_tsdb_compactions_total')).toBeLessThan(18)
    expect(await subject.metric('prometheus_tsdb_compactions_failed_total')).toBe(0)
    expect(await subject.count('up')).toBe(1_500)
    await subject.store.close()
  })

  test('bounds the batches also when the clock stands still', async () => {
    const subject = await Subject.open()
    await subject.scrape(['up'], 1_000, { advance: false })
    expect(await subject.metric('promlet_tsdb_batches')).toBeLessThanOrEqual(240)
    expect(await subject.count('up')).toBe(1_000)
    await subject.store.close()
  })

  test('leaves a query between its slices with one state', async () => {
    const subject = await Subject.open()
    const names = Array.from({ length: 1_500 }, (_, index) => `metric_${index}`)
    await subject.scrape(names, 121, { advance: false })
    const compaction = subject.store.compactNow()
    let answers = 0
    for (let done = false; !done; answers++) {
      expect(await subject.count('metric_7')).toBe(121)
      expect(await subject.count('metric_1499')).toBe(121)
      done = await Promise.race([compaction.then(() => true), new Promise<boolean>((resolve) => setImmediate(() => resolve(false)))])
    }
    expect(answers).toBeGreaterThan(3)
    await subject.store.close()
  })

  test('leaves no layout without batches, and a target that goes on gets a new one', async () => {
    const path = join(root, 'layouts')
    const subject = await Subject.open(path)
    const layouts = () => {
      const database = openDatabase({ path: join(path, 'store.db'), readonly: true, migrations })
      const count = database.prepare('SELECT count(*) FROM layout').pluck().get()
      database.close()
      return count
    }
    for (const pod of ['a', 'b', 'c']) await subject.scrape([`cpu_${pod}`, `memory_${pod}`], 5)
    expect(layouts()).toBe(3)
    await subject.store.compactNow()
    expect(layouts()).toBe(0)
    await subject.scrape(['cpu_c', 'memory_c'], 5)
    expect(layouts()).toBe(1)
    expect(await subject.count('memory_c')).toBe(10)
    expect((await subject.store.verify()).problems).toEqual([])
    await subject.store.close()
  })

  test('gives back the space that batches took, and leaves no log when the store falls quiet', async () => {
    const path = join(root, 'quiet')
    const subject = await Subject.open(path)
    const names = Array.from({ length: 500 }, (_, index) => `metric_${index}`)
    await subject.scrape(names, 480)
    await subject.store.compactNow()
    await subject.scrape(names, 1)
    await subject.clock.advance(10_000)
    const sizes = Object.fromEntries(readdirSync(path).map((name) => [name, statSync(join(path, name)).size]))
    expect(sizes['store.db-wal'] ?? 0).toBeLessThan(300_000)
    expect((sizes['store.db'] ?? 0) / (500 * 480)).toBeLessThan(2)
    await subject.store.close()
  })
})

describe('retention', () => {
  test('by time deletes what is older than the newest sample by more than it, and series with their last sample', async () => {
    const subject = await Subject.open(':memory:', { retentionTimeMs: 2 * HOUR })
    await subject.scrape(['old_metric', 'up'], 240)
    await subject.store.compactNow()
    subject.skip(HOUR)
    await subject.scrape(['up'], 480)
    await subject.store.compactNow()
    expect(await subject.names()).toEqual(['up'])
    expect(await subject.count('old_metric')).toBe(0)
    expect(await subject.metric('prometheus_tsdb_head_series')).toBe(1)
    expect(await subject.metric('prometheus_tsdb_head_series_removed_total')).toBe(1)
    expect(await subject.metric('prometheus_tsdb_time_retentions_total')).toBeGreaterThan(0)
    expect(await subject.store.labelNames({ from: 0, to: Infinity }, [])).toEqual(['__name__', 'job'])
    await subject.store.close()
  })

  test('lets a block stay until its newest sample is too old', async () => {
    const subject = await Subject.open(':memory:', { retentionTimeMs: 2 * HOUR })
    await subject.scrape(['up'], 100)
    await subject.store.compactNow()
    subject.skip(110 * MINUTE)
    await subject.scrape(['up'], 1)
    await subject.store.compactNow()
    expect(await subject.count('up')).toBe(101)
    await subject.store.close()
  })

  test('does not look at the clock: what is newest stays, however late it is', async () => {
    const subject = await Subject.open(':memory:', { retentionTimeMs: HOUR })
    await subject.scrape(['up'], 200)
    await subject.clock.advance(3 * DAY)
    await subject.store.compactNow()
    expect(await subject.count('up')).toBe(200)
    await subject.store.close()
  })

  test('a reference to a series that is gone is refused, and resolving it again gives a new one', async () => {
    const subject = await Subject.open(':memory:', { retentionTimeMs: HOUR })
    let old: SeriesRef
    {
      await using appender = subject.store.appender()
      old = appender.series(Labels.of({ __name__: 'batch_job' }))
      appender.append(old, NOW - 11 * DAY, 1)
      await appender.commit()
    }
    await subject.store.compactNow()
    await subject.scrape(['up'], 300)
    await subject.store.compactNow()
    await using appender = subject.store.appender()
    appender.append(old, NOW, 1)
    const again = appender.series(Labels.of({ __name__: 'batch_job' }))
    appender.append(again, NOW, 2)
    const refusals = await appender.commit()
    expect(again).not.toBe(old)
    expect(refusals).toMatchObject({ unknownSeries: 1, retired: [old] })
    expect(await subject.count('batch_job')).toBe(1)
    await subject.store.close()
  })

  test('by time is off when it is 0', async () => {
    const subject = await Subject.open(':memory:', { retentionTimeMs: 0 })
    await subject.scrape(['up'], 10)
    subject.skip(9 * DAY)
    await subject.scrape(['up'], 10)
    await subject.store.compactNow()
    expect(await subject.count('up')).toBe(20)
    expect(await subject.metric('prometheus_tsdb_retention_limit_seconds')).toBe(0)
    await subject.store.close()
  })

  test('by size deletes the oldest blocks until the store is small enough', async () => {
    const subject = await Subject.open()
    const names = Array.from({ length: 100 }, (_, index) => `metric_${index}`)
    for (let block = 0; block < 6; block++) {
      await subject.scrape(names, 500, { noise: true })
      await subject.store.compactNow()
    }
    const before = await subject.metric('prometheus_tsdb_storage_blocks_bytes')
    subject.store.configure({ retentionSizeBytes: before / 2 })
    await subject.store.compactNow()
    expect(await subject.metric('prometheus_tsdb_storage_blocks_bytes')).toBeLessThanOrEqual(before / 2)
    expect(await subject.metric('prometheus_tsdb_size_retentions_total')).toBeGreaterThan(0)
    const left = await subject.count('metric_0')
    expect(left).toBeGreaterThan(0)
    expect(left).toBeLessThan(3_000)
    await subject.store.close()
  })
})

describe('the retention size', () => {
  test('holds for the database and its log together, while samples keep coming', async () => {
    const path = join(root, 'size')
    const limit = 1_200_000
    const subject = await Subject.open(path, { retentionSizeBytes: limit })
    const names = Array.from({ length: 100 }, (_, index) => `metric_${index}`)
    const taken = () => readdirSync(path).reduce((sum, name) => sum + (name.endsWith('-shm') ? 0 : statSync(join(path, name)).size), 0)
    let most = 0
    for (let round = 0; round < 10; round++) {
      await subject.scrape(names, 130, { noise: true, advance: false })
      // Quiet, so that nothing is in the middle of its work.
      await subject.clock.advance(MINUTE)
      most = Math.max(most, taken())
    }
    expect(await subject.metric('prometheus_tsdb_size_retentions_total')).toBeGreaterThan(0)
    // 130,000 samples without a pattern take more than 1 MB, besides tables and log.
    expect(most).toBeLessThan(limit * 1.5)
    // Whole blocks go, and the newest stays.
    expect(await subject.count('metric_0')).toBeGreaterThan(100)
    expect(await subject.count('metric_0')).toBeLessThan(1_300)
    await subject.store.close()
    expect(taken()).toBeLessThanOrEqual(limit)
  })
})

describe('deletion', () => {
  test('takes out what matches in the range, and the series when nothing is left of it', async () => {
    const path = join(root, 'deletion')
    const subject = await Subject.open(path)
    await subject.scrape(['up', 'go_goroutines'], 10)
    await subject.store.deleteSeries({ from: 0, to: Infinity }, [[new Matcher('__name__', '=', 'go_goroutines')]])
    expect(await subject.names()).toEqual(['up'])
    await subject.scrape(['up', 'go_goroutines'], 1)
    expect(await subject.count('go_goroutines')).toBe(1)
    expect(await subject.count('up')).toBe(11)
    await subject.store.close()
  })

  test('of the newest samples of a series lets them come again, with the same value or another', async () => {
    const subject = await Subject.open()
    const write = async (at: number, value: number) => {
      await using appender = subject.store.appender()
      appender.append(appender.series(Labels.of({ __name__: 'up' })), NOW + at, value)
      return (await appender.commit()).duplicate
    }
    for (const at of [1, 2, 3]) await write(at, at)
    await subject.store.deleteSeries({ from: NOW + 2, to: NOW + 3 }, [[new Matcher('__name__', '=', 'up')]])
    expect(await subject.count('up')).toBe(1)
    expect(await write(2, 5)).toBe(0)
    expect(await write(3, 3)).toBe(0)
    expect(await subject.count('up')).toBe(3)
    expect(await write(3, 4)).toBe(1)
    await subject.store.close()
  })
})

for (const place of ['a file', 'memory'] as const) {
  describe(`a deletion in ${place}`, () => {
    const times = async (store: Store, name: string) => {
      const [found = []] = await store.select([{ matchers: [new Matcher('__name__', '=', name)], from: 0, to: Infinity }])
      return found.flatMap((series) => Array.from(series.times, (at) => (at - NOW) / 1000))
    }

    test('takes what any of the sets matches out of blocks, batches and late samples, in the range, both ends included', async () => {
      const path = place === 'memory' ? ':memory:' : join(root, 'deletion-range')
      const settings = { outOfOrderTimeWindowMs: HOUR }
      const subject = await Subject.open(path, settings)
      const names = ['up', 'go_goroutines', 'requests_total']
      const add = async (name: string, at: number, startAt?: number) => {
        await using appender = subject.store.appender()
        appender.append(appender.series(Labels.of({ __name__: name })), NOW + at * 1000, at, startAt)
        await appender.commit()
      }
      for (const at of [0, 10, 20, 30]) for (const name of names) await add(name, at)
      await subject.store.compactNow()
      for (const at of [40, 15, 50]) for (const name of names) await add(name, at, NOW)
      const range = { from: NOW + 15_000, to: NOW + 40_000 }
      await subject.store.deleteSeries(range, [[new Matcher('__name__', '=', 'up')], [new Matcher('__name__', '=~', 'go_.+')]])
      expect(await times(subject.store, 'up')).toEqual([0, 10, 50])
      expect(await times(subject.store, 'go_goroutines')).toEqual([0, 10, 50])
      expect(await times(subject.store, 'requests_total')).toEqual([0, 10, 15, 20, 30, 40, 50])
      // A late sample may come into the gap.
      await add('up', 25)
      expect(await times(subject.store, 'up')).toEqual([0, 10, 25, 50])
      expect((await subject.store.verify()).problems).toEqual([])
      await subject.store.close()
      if (place === 'memory') return
      const again = await Subject.open(path, settings)
      expect(await times(again.store, 'up')).toEqual([0, 10, 25, 50])
      expect(await times(again.store, 'requests_total')).toEqual([0, 10, 15, 20, 30, 40, 50])
      await again.store.close()
    })
  })
}

describe('stats and analysis', () => {
  test('count what is there', async () => {
    const subject = await Subject.open()
    await subject.scrape(['up', 'go_goroutines', 'go_threads'], 10)
    await subject.store.compactNow()
    await subject.scrape(['up'], 1)
    const stats = subject.store.stats({ limit: 2 })
    expect(stats).toMatchObject({ series: 3, labelPairs: 4, chunks: 3 })
    expect((stats.maxTime ?? 0) - (stats.minTime ?? 0)).toBe(150_000)
    expect(stats.seriesCountByLabelValuePair[0]).toEqual({ name: 'job=api', value: 3 })
    expect(stats.labelValueCountByLabelName).toEqual([
      { name: '__name__', value: 3 },
      { name: 'job', value: 1 },
    ])
    expect(stats.memoryInBytesByLabelName[0]).toEqual({ name: '__name__', value: 25 })
    expect(stats.seriesCountByMetricName).toHaveLength(2)
    const analysis = await subject.store.analyze()
    expect(analysis).toMatchObject({ samples: 31, recentSamples: 1, blocks: 1 })
    expect(analysis.metrics.map(({ metric, series, samples }) => ({ metric, series, samples }))).toContainEqual({
      metric: 'up',
      series: 1,
      samples: 11,
    })
    expect(analysis.metrics.every(({ bytes }) => bytes > 0)).toBe(true)
    // Two of three series are 135 s long in a store of 150 s.
    expect(analysis.churnByLabelName.map(({ name, value }) => [name, Math.round(value * 10) / 10])).toEqual([
      ['__name__', 0.2],
      ['job', 0.2],
    ])
    await subject.store.close()
  })
})
