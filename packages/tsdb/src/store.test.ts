import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Labels, Matcher, type SeriesColumns } from '@promlet/model'
import { VirtualClock } from '@promlet/model/testing'
import { openDatabase } from '@promlet/sqlite'
import { createRegistry, silentLogger } from '@promlet/telemetry'
import { afterAll, describe, expect, test } from 'vitest'
import { openStore, StorageError, type Store, type StoreOptions } from './index.ts'
import { migrations } from './schema.ts'

const root = mkdtempSync(join(tmpdir(), 'promlet-tsdb-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

const NOW = Date.UTC(2026, 0, 1, 12)
const START = NOW - 3_600_000
let folders = 0
const newFolder = () => join(root, `store-${folders++}`)

function open(path: string, options: Partial<StoreOptions> = {}): Promise<Store> {
  return openStore({ path, clock: new VirtualClock(NOW), logger: silentLogger, registry: createRegistry(), ...options })
}

const up = (instance: string) => Labels.of({ __name__: 'up', job: 'node', instance })

async function write(store: Store, samples: readonly (readonly [labels: Labels, at: number, value: number])[]) {
  await using appender = store.appender()
  for (const [labels, at, value] of samples) appender.append(appender.series(labels), at, value)
  return appender.commit()
}

async function writeHistograms(store: Store, samples: readonly (readonly [at: number, count: number])[]) {
  await using appender = store.appender()
  const ref = appender.series(up('a'))
  const [positiveSpans, none] = [[{ offset: 0, length: 1 }], { negativeSpans: [], negativeBuckets: new Float64Array() }]
  for (const [at, count] of samples) {
    const buckets = { positiveSpans, positiveBuckets: Float64Array.of(count), ...none }
    const totals = { schema: 0, zeroThreshold: 0.001, zeroCount: 0, count, sum: 2 * count }
    appender.appendHistogram(ref, at, { ...totals, ...buckets, counterResetHint: 'unknown', float: false })
  }
  return appender.commit()
}

async function read(store: Store, matchers = [new Matcher('__name__', '!=', '')]): Promise<readonly SeriesColumns[]> {
  const [found = []] = await store.select([{ matchers, from: 0, to: NOW + 3_600_000 }])
  return found
}

const values = (found: readonly SeriesColumns[]) => found.map((series) => [...series.values])

describe('an estimate', () => {
  test('counts series and samples without reading them, before and after they become blocks', async () => {
    const store = await open(newFolder())
    for (let step = 0; step < 100; step++) {
      const at = START + step * 15_000
      await write(
        store,
        ['a', 'b', 'c', 'd'].map((instance) => [up(instance), at, step] as const),
      )
    }
    const ofUp = (matcher: Matcher, from: number, to: number) => store.estimate([{ matchers: [matcher], from, to }])
    const both = new Matcher('instance', '=~', 'a|b')
    expect(ofUp(both, 0, NOW)).toEqual({ series: 2, samples: 200 })
    await store.compactNow()
    expect(ofUp(both, 0, NOW)).toEqual({ series: 2, samples: 200 })
    expect(ofUp(both, START, START + 50 * 15_000).samples).toBeCloseTo(101, 0)
    expect(ofUp(both, NOW, NOW + 1000)).toEqual({ series: 2, samples: 0 })
    expect(ofUp(new Matcher('instance', '=', 'e'), 0, NOW)).toEqual({ series: 0, samples: 0 })
    const selection = { matchers: [both], from: 0, to: NOW }
    expect(store.estimate([selection, selection])).toEqual({ series: 4, samples: 400 })
    await store.close()
  })

  test('that is rough may count series in blocks that do not have them', async () => {
    const store = await open(newFolder())
    for (let step = 0; step < 100; step++) {
      const at = START + step * 15_000
      await write(
        store,
        [up(step < 50 ? 'a' : 'b'), up('c')].map((series) => [series, at, step] as const),
      )
      if (step === 49) await store.compactNow()
    }
    await store.compactNow()
    const selection = { matchers: [new Matcher('instance', '=~', 'a|b')], from: 0, to: NOW }
    expect(store.estimate([selection])).toEqual({ series: 2, samples: 100 })
    expect(store.estimate([selection], { rough: true })).toEqual({ series: 2, samples: 200 })
    await store.close()
  })
})

describe('a store on disk', () => {
  test('has after reopening what was committed before, and knows the last sample of each series', async () => {
    const path = newFolder()
    const first = await open(path)
    await write(first, [
      [up('a'), START, 1],
      [up('b'), START, 1],
      [up('a'), START + 1000, 2],
    ])
    await first.close()
    const second = await open(path)
    expect(values(await read(second))).toEqual([[1, 2], [1]])
    const refusals = await write(second, [
      [up('a'), START + 1000, 2],
      [up('a'), START + 1000, 3],
      [up('a'), START + 500, 3],
      [up('b'), START + 2000, 4],
      [up('c'), START, 5],
    ])
    expect(refusals).toMatchObject({ outOfOrder: 1, duplicate: 1 })
    expect(refusals.example).toContain('up')
    await second.close()
    const third = await open(path)
    expect(values(await read(third))).toEqual([[1, 2], [1, 4], [5]])
    await third.close()
  })

  test('tells which series of a layout have left, and only those', async () => {
    const store = await open(newFolder())
    await using first = store.appender()
    const refs = ['a', 'b', 'c'].map((instance) => first.series(up(instance)))
    const layout = first.layout(refs)
    first.appendRow(layout, START, Float64Array.of(1, 2, 3), new Uint8Array(3).fill(1))
    await first.commit()
    await store.deleteSeries({ from: 0, to: NOW }, [[new Matcher('instance', '=', 'b')]])
    await store.compactNow()
    await using next = store.appender()
    expect(next.retired(layout)).toEqual([refs[1]])
    expect(next.retired(layout + 1)).toBeUndefined()
    const renewed = next.layout([refs[0] as number, refs[2] as number, next.series(up('b'))])
    expect(next.retired(renewed)).toEqual([])
    next.appendRow(renewed, START + 1, Float64Array.of(4, 5, 6), new Uint8Array(3).fill(1))
    expect((await next.commit()).unknownSeries).toBe(0)
    expect(values(await read(store))).toEqual([[1, 4], [6], [3, 5]])
    await store.close()
  })

  test('keeps its series references apart: none is used for two series, also after a restart', async () => {
    const path = newFolder()
    const refs = new Map<string, number>()
    for (let run = 0; run < 3; run++) {
      const store = await open(path)
      await using appender = store.appender()
      for (const instance of ['a', `only-${run}`]) {
        const ref = appender.series(up(instance))
        expect(refs.get(instance) ?? ref).toBe(ref)
        refs.set(instance, ref)
        appender.append(ref, START + run, 1)
      }
      await appender.commit()
      await store.close()
    }
    expect(new Set(refs.values()).size).toBe(refs.size)
  })

  test('leaves one database file and the empty lock file behind', async () => {
    const path = newFolder()
    const store = await open(path)
    await write(store, [[up('a'), START, 1]])
    await store.close()
    expect(readdirSync(path).sort()).toEqual(['lock', 'store.db'])
  })

  test('refuses a second writer, and lets a reader in', async () => {
    const path = newFolder()
    const store = await open(path)
    await write(store, [[up('a'), START, 1]])
    await expect(open(path)).rejects.toMatchObject({ name: 'StorageError', code: 'locked' })
    const reader = await open(path, { readonly: true })
    expect(values(await read(reader))).toEqual([[1]])
    await write(store, [[up('a'), START + 1, 2]])
    await write(store, [[up('b'), START + 1, 3]])
    expect(values(await read(reader))).toEqual([[1, 2], [3]])
    expect(() => reader.appender()).toThrow(StorageError)
    await reader.close()
    await store.close()
    await (await open(path)).close()
  })

  test('refuses a schema that is newer than it knows', async () => {
    const path = newFolder()
    mkdirSync(path)
    openDatabase({ path: join(path, 'store.db'), migrations: [...migrations, 'CREATE TABLE later (x)'] }).close()
    await expect(open(path)).rejects.toMatchObject({ name: 'StorageError', code: 'newer-version' })
  })

  test('refuses a folder that cannot be made', async () => {
    writeFileSync(join(root, 'a-file'), '')
    await expect(open(join(root, 'a-file', 'data'))).rejects.toMatchObject({ name: 'StorageError', code: 'unwritable' })
  })

  test('answers with an error after close', async () => {
    const store = await open(newFolder())
    await using appender = store.appender()
    appender.append(appender.series(up('a')), START, 1)
    await store.close()
    await expect(appender.commit()).rejects.toMatchObject({ code: 'closed' })
    await expect(read(store)).rejects.toMatchObject({ code: 'closed' })
  })
})

describe('the rules of appending', () => {
  test('samples more than ten minutes ahead of the clock are refused', async () => {
    const store = await open(':memory:')
    const refusals = await write(store, [
      [up('a'), NOW + 600_000, 1],
      [up('b'), NOW + 600_001, 1],
    ])
    expect(refusals.tooFarInFuture).toBe(1)
    expect(values(await read(store))).toEqual([[1]])
    await store.close()
  })

  test('a sample within the out-of-order window comes in at its place, one before it is too old', async () => {
    const store = await open(':memory:', { outOfOrderTimeWindowMs: 60_000 })
    await write(store, [
      [up('a'), START, 1],
      [up('a'), START + 120_000, 3],
    ])
    const refusals = await write(store, [
      [up('a'), START + 90_000, 2],
      [up('a'), START + 90_000, 2],
      [up('a'), START + 90_000, 9],
      [up('a'), START + 59_999, 9],
    ])
    expect(refusals).toMatchObject({ tooOld: 1, duplicate: 1, outOfOrder: 0 })
    for (const compacts of [false, true]) {
      if (compacts) await store.compactNow()
      expect((await write(store, [[up('a'), START + 90_000, 2]])).duplicate).toBe(0)
      expect((await write(store, [[up('a'), START + 90_000, 9]])).duplicate).toBe(1)
    }
    expect(values(await read(store))).toEqual([[1, 2, 3]])
    await store.close()
  })

  test('histograms within the window are compared with those of their own batch, too', async () => {
    const store = await open(':memory:', { outOfOrderTimeWindowMs: 60_000 })
    await writeHistograms(store, [
      [START, 1],
      [START + 120_000, 4],
    ])
    const refusals = await writeHistograms(store, [
      [START + 90_000, 3],
      [START + 90_000, 3],
      [START + 90_000, 9],
      [START + 120_000, 4],
      [START + 120_000, 9],
      [START + 135_000, 5],
      [START + 150_000, 6],
      [START + 135_000, 5],
      [START + 135_000, 9],
    ])
    expect(refusals).toMatchObject({ duplicate: 3, tooOld: 0, outOfOrder: 0 })
    await store.compactNow()
    const [series] = await read(store)
    expect(series?.histograms?.map((histogram) => histogram?.count)).toEqual([1, 3, 4, 5, 6])
    // A float at the time of one is another value, also NaN.
    for (const value of [3, Number.NaN]) {
      expect(await write(store, [[up('a'), START + 90_000, value]])).toMatchObject({ duplicate: 1 })
    }
    await store.close()
  })

  test('samples older than the retention time are too old', async () => {
    const store = await open(':memory:', { retentionTimeMs: 60_000 })
    await write(store, [[up('a'), START, 1]])
    expect((await write(store, [[up('b'), START - 60_001, 1]])).tooOld).toBe(1)
    await store.close()
  })
})

describe('exemplars and metadata', () => {
  test('exemplars come back with their series, in order, without repeats', async () => {
    const store = await open(':memory:')
    const trace = (id: string) => Labels.of({ trace_id: id })
    for (const at of [START, START, START + 1000, START + 500]) {
      await using appender = store.appender()
      const ref = appender.series(up('a'))
      appender.append(ref, START, 1)
      appender.appendExemplar(ref, { labels: trace(`t${at - START}`), value: 0.25, at })
      await appender.commit()
    }
    const found = await store.exemplars({ from: START, to: NOW }, [[new Matcher('job', '=', 'node')]])
    expect(found).toHaveLength(1)
    expect(found[0]?.exemplars.map(({ at, labels, value }) => [at - START, labels.get('trace_id'), value])).toEqual([
      [0, 't0', 0.25],
      [1000, 't1000', 0.25],
    ])
    await store.close()
  })

  test('as many exemplars are kept as the limit says, the oldest go first, and a lower limit holds for those that are there', async () => {
    const clock = new VirtualClock(NOW)
    const store = await open(newFolder(), { clock, exemplarsMax: 5 })
    const add = async (from: number, to: number) => {
      await using appender = store.appender()
      for (let index = from; index < to; index++) {
        const ref = appender.series(up(`host-${index % 2}`))
        appender.append(ref, START + index, 1)
        appender.appendExemplar(ref, { labels: Labels.of({ trace_id: `${index}` }), value: 1, at: START + index })
      }
      await appender.commit()
    }
    const kept = async () => {
      const found = await store.exemplars({ from: 0, to: NOW }, [[]])
      return found.flatMap(({ exemplars }) => exemplars.map(({ at }) => at - START)).sort((left, right) => left - right)
    }
    await add(0, 4)
    expect(await kept()).toEqual([0, 1, 2, 3])
    await add(4, 8)
    expect(await kept()).toEqual([3, 4, 5, 6, 7])
    store.configure({ exemplarsMax: 2 })
    await clock.advance(1000)
    expect(await kept()).toEqual([6, 7])
    store.configure({ exemplarsMax: 0 })
    await clock.advance(1000)
    await add(8, 12)
    expect(await kept()).toEqual([])
    await store.close()
  })

  test('of what is said of a metric the latest counts', async () => {
    const path = newFolder()
    const store = await open(path)
    for (const help of ['Old.', 'New.']) {
      await using appender = store.appender()
      appender.setMetadata('up', { type: 'gauge', help, unit: '' })
      appender.setMetadata('a_seconds', { type: 'counter', help: '', unit: 'seconds' })
      await appender.commit()
    }
    expect([...store.metadata()]).toEqual([
      ['a_seconds', { type: 'counter', help: '', unit: 'seconds' }],
      ['up', { type: 'gauge', help: 'New.', unit: '' }],
    ])
    expect([...store.metadata({ limit: 1 }).keys()]).toEqual(['a_seconds'])
    expect([...store.metadata({ metric: 'up' }).keys()]).toEqual(['up'])
    await store.close()
  })
})
