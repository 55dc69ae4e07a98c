import { type Histogram, Labels, type Queryable, QueryError, type Selection, type SeriesColumns } from '@promlet/model'
import { MemoryStore, VirtualClock } from '@promlet/model/testing'
import { describe, expect, test } from 'vitest'
import { createEngine, type EngineOptions } from './engine.ts'
import { writeAnswerJson } from './value-json.ts'

const MINUTE = 60_000

/** A store in which each series has a sample a minute, counting from 0. */
async function countingStore(...series: readonly Readonly<Record<string, string>>[]): Promise<MemoryStore> {
  const store = new MemoryStore()
  await using appender = store.appender()
  for (const labels of series) {
    const ref = appender.series(Labels.of(labels))
    for (let minute = 0; minute <= 60; minute++) appender.append(ref, minute * MINUTE, minute)
  }
  await appender.commit()
  return store
}

const up = { __name__: 'up', job: 'node', instance: 'a' }

const latencies: Histogram = {
  schema: 1,
  zeroThreshold: 0.001,
  zeroCount: 0,
  count: 5,
  sum: 20,
  positiveSpans: [{ offset: 0, length: 4 }],
  positiveBuckets: Float64Array.of(1, 2, 1, 1),
  negativeSpans: [],
  negativeBuckets: new Float64Array(),
  counterResetHint: 'unknown',
  float: false,
}

const engineOver = (queryable: Queryable, options: Partial<EngineOptions> = {}) =>
  createEngine({ queryable, clock: new VirtualClock(), ...options })

/** A store that notes what it was asked for. */
function recording(store: Queryable): { readonly asked: (readonly Selection[])[]; readonly queryable: Queryable } {
  const asked: (readonly Selection[])[] = []
  return {
    asked,
    queryable: {
      select(selections, options) {
        asked.push(selections)
        return store.select(selections, options)
      },
      labelNames: (...args) => store.labelNames(...args),
      labelValues: (...args) => store.labelValues(...args),
      series: (...args) => store.series(...args),
    },
  }
}

const asJson = async (answer: Promise<Parameters<typeof writeAnswerJson>[0]>) => JSON.parse(writeAnswerJson(await answer))

describe('a query', () => {
  test('gives a vector at an instant and a matrix over a range', async () => {
    const engine = engineOver(await countingStore(up))
    expect(await asJson(engine.instant('up', 2 * MINUTE))).toEqual({
      resultType: 'vector',
      result: [{ metric: up, value: [120, '2'] }],
    })
    expect(await asJson(engine.range('up', 0, MINUTE, 30_000))).toEqual({
      resultType: 'matrix',
      result: [
        {
          metric: up,
          values: [
            [0, '0'],
            [30, '0'],
            [60, '1'],
          ],
        },
      ],
    })
  })

  test('that ends in a range vector gives its samples, open on the left', async () => {
    const engine = engineOver(await countingStore(up))
    expect(await asJson(engine.instant('up[2m]', 5 * MINUTE))).toEqual({
      resultType: 'matrix',
      result: [
        {
          metric: up,
          values: [
            [240, '4'],
            [300, '5'],
          ],
        },
      ],
    })
  })

  test('of a range vector has no answer over a range', async () => {
    const engine = engineOver(await countingStore(up))
    await expect(engine.range('up[2m]', 0, MINUTE, MINUTE)).rejects.toMatchObject({
      code: 'bad_data',
      message: 'invalid expression type "range vector" for range query, must be Scalar or instant Vector',
    })
  })

  test('gives scalars and strings as what they are', async () => {
    const engine = engineOver(new MemoryStore())
    expect((await engine.instant('1 + 1', 0)).value).toEqual({ kind: 'scalar', at: 0, value: 2 })
    expect((await engine.instant('"text"', 0)).value).toEqual({ kind: 'string', at: 0, value: 'text' })
  })

  test('that cannot be parsed is refused before the store is asked', async () => {
    const { asked, queryable } = recording(new MemoryStore())
    await expect(engineOver(queryable).instant('sum(', 0)).rejects.toMatchObject({ code: 'bad_data' })
    expect(asked).toEqual([])
  })
})

describe('the store', () => {
  test('is asked once for everything a query reads', async () => {
    const { asked, queryable } = recording(await countingStore(up, { ...up, __name__: 'down' }))
    await engineOver(queryable).instant('rate(up[5m]) / down offset 10m + up @ 60', 30 * MINUTE)
    expect(asked).toHaveLength(1)
    expect(asked[0]?.map(({ from, to }) => [from, to])).toEqual([
      [25 * MINUTE + 1, 30 * MINUTE],
      [15 * MINUTE + 1, 20 * MINUTE],
      [-4 * MINUTE + 1, MINUTE],
    ])
  })

  test('is asked once for series that a query reads twice', async () => {
    const { asked, queryable } = recording(await countingStore(up))
    await engineOver(queryable).instant('rate(up[5m]) + rate(up[5m]) + up', 30 * MINUTE)
    expect(asked[0]).toHaveLength(1)
  })

  test('that fails makes the query fail with its reason', async () => {
    const { queryable } = recording(new MemoryStore())
    const failing = { ...queryable, select: () => Promise.reject(new Error('disk on fire')) }
    await expect(engineOver(failing).instant('up', 0)).rejects.toMatchObject({
      code: 'execution',
      message: 'expanding series: disk on fire',
    })
  })
})

describe('settings', () => {
  test('the lookback is that of the query, else of the engine, else five minutes', async () => {
    const store = await countingStore(up)
    const seen = async (options: Partial<EngineOptions>, lookbackMs?: number) => {
      const query = engineOver(store, options).instant('up', 70 * MINUTE, lookbackMs === undefined ? {} : { lookbackMs })
      return (await asJson(query)).result.length
    }
    expect(await seen({})).toBe(0)
    expect(await seen({ lookbackMs: 11 * MINUTE })).toBe(1)
    expect(await seen({ lookbackMs: 11 * MINUTE }, MINUTE)).toBe(0)
  })

  test('a subquery without a step takes the evaluation interval of the moment', async () => {
    let interval = MINUTE
    const engine = engineOver(await countingStore(up), { defaultSubqueryStepMs: () => interval })
    const count = async () => (await asJson(engine.instant('count_over_time(up[10m:])', 30 * MINUTE))).result[0].value[1]
    expect(await count()).toBe('10')
    interval = 2 * MINUTE
    expect(await count()).toBe('5')
  })

  test('without delayed name removal names go at once', async () => {
    const engine = engineOver(await countingStore(up), { features: { delayedNameRemoval: false } })
    const query = 'label_replace(rate(up[5m]), "was", "$1", "__name__", "(.+)")'
    expect((await asJson(engine.instant(query, 30 * MINUTE))).result[0].metric).toEqual({ job: 'node', instance: 'a' })
  })

  test('with type labels a counter is told by its type', async () => {
    const store = await countingStore({ ...up, __type__: 'gauge' }, { ...up, __type__: 'counter', instance: 'b' })
    const engine = engineOver(store, { features: { typeAndUnitLabels: true } })
    expect((await engine.instant('rate(up[5m])', 30 * MINUTE)).infos).toEqual([
      'PromQL info: metric might not be a counter, __type__ label is not set to "counter" or "histogram", got "gauge": "up" (1:6)',
    ])
  })

  test('start timestamps can be left out of account', async () => {
    const store = new MemoryStore()
    await using appender = store.appender()
    const ref = appender.series(Labels.of({ __name__: 'jobs_total' }))
    // It began anew between the two samples, which their values hide.
    appender.append(ref, MINUTE, 10, 30_000)
    appender.append(ref, 2 * MINUTE, 15, 90_000)
    await appender.commit()
    const value = async (startTimestamps: boolean) =>
      (await asJson(engineOver(store, { features: { startTimestamps } }).instant('increase(jobs_total[2m])', 2 * MINUTE))).result[0]
        .value[1]
    expect([await value(true), await value(false)]).toEqual(['25', '10'])
  })

  test('parts of the language can be off', async () => {
    const syntax = { experimentalFunctions: false, durationExpressions: true, extendedRangeSelectors: true, fillModifiers: true }
    const engine = engineOver(await countingStore(up), { features: { syntax } })
    await expect(engine.instant('mad_over_time(up[5m])', 0)).rejects.toMatchObject({ code: 'bad_data' })
  })
})

describe('the end of a range', () => {
  test('is what was asked for, also where no step falls on it', async () => {
    const engine = engineOver(await countingStore(up))
    const values = async (query: string) => {
      const { result } = await asJson(engine.range(query, 0, 10 * MINUTE, 4 * MINUTE))
      return result[0].values
    }
    const onEachStep = (value: string) => [0, 240, 480].map((seconds) => [seconds, value])
    expect(await values('up @ end()')).toEqual(onEachStep('10'))
    expect(await values('vector(end())')).toEqual(onEachStep('600'))
    expect(await values('vector(range())')).toEqual(onEachStep('600'))
  })
})

describe('limits', () => {
  test('more samples than allowed are an error', async () => {
    const engine = engineOver(await countingStore(up, { ...up, instance: 'b' }), { samplesMax: 100 })
    await expect(engine.range('up', 0, 60 * MINUTE, MINUTE)).rejects.toThrow(
      new QueryError('execution', 'query processing would load too many samples into memory in query execution'),
    )
    await expect(engine.range('up{instance="a"}', 0, 60 * MINUTE, MINUTE)).resolves.toBeDefined()
  })

  test('a query that takes too long is stopped', async () => {
    const clock = new VirtualClock()
    const store = await countingStore(up)
    const slow: Queryable = { ...recording(store).queryable, select: (...args) => clock.sleep(3000).then(() => store.select(...args)) }
    const engine = createEngine({ queryable: slow, clock, timeoutMs: 2000 })
    const query = expect(engine.instant('up', 0)).rejects.toMatchObject({
      code: 'timeout',
      message: 'query timed out in expression evaluation',
    })
    await clock.advance(5000)
    await query
  })

  test('a query whose caller has gone is stopped', async () => {
    const abort = new AbortController()
    abort.abort()
    const engine = engineOver(await countingStore(up))
    await expect(engine.instant('up', 0, { signal: abort.signal })).rejects.toMatchObject({
      code: 'canceled',
      message: 'query was canceled in expression evaluation',
    })
  })

  test('more queries than places wait for each other, and give up when their time is over', async () => {
    const clock = new VirtualClock()
    const store = await countingStore(up)
    const slow: Queryable = { ...recording(store).queryable, select: (...args) => clock.sleep(1000).then(() => store.select(...args)) }
    const engine = createEngine({ queryable: slow, clock, maxConcurrency: 1, timeoutMs: 1500 })
    const first = engine.instant('up', 0)
    const second = expect(engine.instant('up', 0)).rejects.toMatchObject({ code: 'timeout' })
    const third = engine.instant('up', 0, { timeoutMs: 10_000 })
    await clock.advance(10_000)
    expect((await first).value.kind).toBe('vector')
    await second
    expect((await third).stats.queueMs).toBe(2000)
  })
})

describe('annotations', () => {
  test('say the same once, for the last part that it is about', async () => {
    const engine = engineOver(await countingStore(up))
    const query = 'rate(up[5m]) + rate(up[9m]) + quantile(2, up) + quantile(-1, up)'
    const { infos, warnings } = await engine.instant(query, 30 * MINUTE)
    const text = 'PromQL info: metric might not be a counter, name does not end in _total/_sum/_count/_bucket: "up"'
    const outOfRange = 'PromQL warning: quantile value should be between 0 and 1, got'
    expect(infos).toEqual([`${text} (1:21)`])
    expect(warnings).toEqual([`${outOfRange} 2 (1:40)`, `${outOfRange} -1 (1:58)`])
  })

  test('stand where the part that they are about stands, also when equal parts are computed once', async () => {
    const engine = engineOver(await countingStore(up))
    const { infos } = await engine.instant('rate(up[5m]) +\n  rate(up[5m])', 30 * MINUTE)
    const text = 'PromQL info: metric might not be a counter, name does not end in _total/_sum/_count/_bucket: "up"'
    expect(infos).toEqual([`${text} (2:8)`])
  })

  test('count columns in bytes', async () => {
    const engine = engineOver(await countingStore(up))
    const before = 'label_replace(up, "é", "x", "", "") or rate('
    const { infos } = await engine.instant(`${before}up[5m])`, 30 * MINUTE)
    expect(infos[0]?.endsWith(`(1:${new TextEncoder().encode(before).length + 1})`)).toBe(true)
  })
})

describe('statistics', () => {
  test('tell how many samples were read and held', async () => {
    const ended: unknown[] = []
    const engine = engineOver(await countingStore(up, { ...up, instance: 'b' }), { observe: { ended: (stats) => ended.push(stats) } })
    const { stats } = await engine.range('sum(rate(up[5m]))', 10 * MINUTE, 20 * MINUTE, MINUTE)
    expect(stats).toMatchObject({ query: 'sum(rate(up[5m]))', samplesTotal: 2 * 11 * 5 })
    expect(stats.samplesPeak).toBeGreaterThanOrEqual(22)
    expect(ended).toHaveLength(1)
  })

  test('count a sample at each step that sees it, and once as read', async () => {
    const engine = engineOver(await countingStore(up, { ...up, instance: 'b' }))
    const counted = async (query: string) => {
      const { stats } = await engine.range(query, 10 * MINUTE, 13 * MINUTE, MINUTE, { perStepStats: true })
      const { total, read } = stats.perStep as { total: Float64Array; read: Float64Array }
      const sum = (counts: Float64Array) => counts.reduce((left, right) => left + right, 0)
      expect([sum(total), sum(read)]).toEqual([stats.samplesTotal, stats.samplesRead])
      return { total: [...total], read: [...read] }
    }
    const each = (count: number) => [count, count, count, count]
    expect(await counted('up')).toEqual({ total: each(2), read: each(2) })
    expect(await counted('sum(up) + 1')).toEqual({ total: each(2), read: each(2) })
    expect(await counted('rate(up[5m])')).toEqual({ total: each(10), read: [10, 2, 2, 2] })
    // A part that is computed once counts as often as it stands there.
    expect(await counted('rate(up[5m]) + rate(up[5m])')).toEqual({ total: each(20), read: [20, 4, 4, 4] })
    // What is the same at every step is loaded for every step, and read once.
    expect(await counted('rate(up[5m] @ 600)')).toEqual({ total: each(10), read: [10, 0, 0, 0] })
    expect(await counted('predict_linear(up[5m] @ 600, time())')).toEqual({ total: each(10), read: [10, 0, 0, 0] })
    expect(await counted('rate(up[5m] @ 600) or up')).toEqual({ total: each(12), read: [12, 2, 2, 2] })
    expect(await counted('vector(scalar(up{instance="a"} @ 600))')).toEqual({ total: each(1), read: [1, 0, 0, 0] })
    // The points of a subquery are loaded, the samples below it read.
    expect(await counted('max_over_time(up[3m:30s])')).toEqual({ total: each(12), read: [12, 4, 4, 4] })
    expect(await counted('time()')).toEqual({ total: each(0), read: each(0) })
  })

  test('count at an instant what a range vector holds', async () => {
    const engine = engineOver(await countingStore(up))
    const counted = async (query: string) => {
      const { stats } = await engine.instant(query, 10 * MINUTE)
      return [stats.samplesTotal, stats.samplesRead]
    }
    expect(await counted('up[5m]')).toEqual([5, 5])
    expect(await counted('up[3m:30s]')).toEqual([6, 6])
    expect(await counted('max_over_time(up[2m])[3m:1m]')).toEqual([6, 4])
  })

  test('count a histogram by its size', async () => {
    const store = new MemoryStore()
    await using appender = store.appender()
    const ref = appender.series(Labels.of({ __name__: 'latency' }))
    for (let minute = 0; minute <= 10; minute++) appender.appendHistogram(ref, minute * MINUTE, latencies)
    await appender.commit()
    const engine = engineOver(store)
    const counted = async (query: string) => {
      const { stats } = await engine.range(query, 5 * MINUTE, 7 * MINUTE, MINUTE)
      return [stats.samplesTotal, stats.samplesRead, stats.samplesPeak]
    }
    // A span and four buckets: 216 bytes, with a time; a float with its time takes 16.
    expect(await counted('latency')).toEqual([3 * 13, 3 * 13, 3 * 13])
    expect(await counted('count_over_time(latency[2m])')).toEqual([6 * 13, 4 * 13, 3])
  })

  test('come for a query that failed too', async () => {
    let ended = 0
    const engine = engineOver(new MemoryStore(), { observe: { ended: () => void ended++ } })
    await expect(engine.instant('up +', 0)).rejects.toThrow()
    expect(ended).toBe(1)
  })
})

describe('columns', () => {
  test('of one target are used as they are: nothing in the store is changed', async () => {
    const times = Float64Array.of(0, MINUTE, 2 * MINUTE)
    const series: SeriesColumns[] = ['a', 'b'].map((instance) => ({
      labels: Labels.of({ ...up, instance }),
      times,
      values: Float64Array.of(1, 2, 3),
    }))
    const { queryable } = recording({ ...new MemoryStore(), select: async () => [series] } as unknown as Queryable)
    await engineOver(queryable).range('-up + up > 0 or abs(up)', 0, 2 * MINUTE, MINUTE)
    expect(series.map(({ values }) => [...values])).toEqual([
      [1, 2, 3],
      [1, 2, 3],
    ])
  })
})
