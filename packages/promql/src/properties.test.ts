// What holds for every query: an instant at t gives what a range gives at t; a range in two parts gives the whole.
// PROMLET_SEED=… repeats a run that failed, PROMLET_RUNS=… looks further.

import {
  addHistograms,
  CUSTOM_BUCKETS_SCHEMA,
  compactHistogram,
  describeHistogram,
  type Histogram,
  Labels,
  QueryError,
  type SeriesColumns,
  type Value,
} from '@promlet/model'
import { MemoryStore, VirtualClock } from '@promlet/model/testing'
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { createEngine, type PromqlEngine } from './engine.ts'

const seed = process.env['PROMLET_SEED'] === undefined ? {} : { seed: Number(process.env['PROMLET_SEED']) }
const runs = (usual: number) => ({ ...seed, numRuns: Number(process.env['PROMLET_RUNS'] ?? usual) })

const SECOND = 1000
const END = 1800 * SECOND

function histogram(schema: number, buckets: readonly number[], customValues?: readonly number[]): Histogram {
  const count = buckets.reduce((left, right) => left + right, 0)
  return {
    ...{ schema, zeroThreshold: 0.001, zeroCount: 0, count, sum: 1.5 * count, counterResetHint: 'unknown', float: true },
    ...{ positiveSpans: [{ offset: 0, length: buckets.length }], positiveBuckets: Float64Array.from(buckets) },
    ...{ negativeSpans: [], negativeBuckets: new Float64Array() },
    ...(customValues === undefined ? {} : { customValues: Float64Array.from(customValues), zeroThreshold: 0 }),
  }
}

/** Native histograms that count on, begin anew, change their resolution and their bounds, or are floats now and then. */
async function addHistogramsTo(store: MemoryStore, random: () => number): Promise<void> {
  await using appender = store.appender()
  for (const [job, instance] of [
    ['web', 'a'],
    ['web', 'b'],
    ['db', 'a'],
  ] as const) {
    const latency = appender.series(Labels.of({ __name__: 'latency', job, instance }))
    const sizes = appender.series(Labels.of({ __name__: 'sizes', job, instance }))
    const info = appender.series(Labels.of({ __name__: 'target_info', job, instance, version: instance }))
    const next = appender.series(Labels.of({ __name__: 'target_info', job, instance, version: 'next' }))
    let total: Histogram | undefined
    for (let at = Math.floor(random() * 15) * SECOND + 137; at < END; at += 15 * SECOND) {
      const more = histogram(random() < 0.02 ? 0 : 1, [1, 2, Math.floor(random() * 4), 1])
      total = total === undefined || random() < 0.03 ? more : (addHistograms(total, more)?.histogram ?? more)
      if (random() < 0.05) continue
      if (instance === 'b' && random() < 0.03) appender.append(latency, at, 100 * random())
      else appender.appendHistogram(latency, at, { ...total, counterResetHint: job === 'db' ? 'gauge' : 'unknown' })
      const bounds = random() < 0.1 ? [1, 4] : [1, 2, 4]
      appender.appendHistogram(sizes, at, histogram(CUSTOM_BUCKETS_SCHEMA, [...bounds.map(() => Math.floor(random() * 5)), 1], bounds))
      appender.append(at < END / 2 ? info : next, at, 1)
    }
  }
  await appender.commit()
}

/** Counters with resets, gaps and ends, gauges with NaN, at times that are no multiple of a step. */
async function demoStore(): Promise<MemoryStore> {
  const store = new MemoryStore()
  await using appender = store.appender()
  let seed = 42
  const random = () => {
    seed = (seed * 1103515245 + 12345) % 2147483648
    return seed / 2147483648
  }
  for (const job of ['web', 'db']) {
    for (const instance of ['a', 'b', 'c']) {
      const counter = appender.series(Labels.of({ __name__: 'requests_total', job, instance }))
      const gauge = appender.series(Labels.of({ __name__: 'temperature', job, instance }))
      let count = 0
      for (let at = Math.floor(random() * 15) * SECOND + 137; at < END; at += 15 * SECOND) {
        if (random() < 0.05) continue
        if (random() < 0.02) count = 0
        count += Math.floor(random() * 100)
        appender.append(counter, at, count)
        if (random() < 0.02) appender.appendStale(gauge, at)
        else appender.append(gauge, at, random() < 0.02 ? Number.NaN : random() * 40 - 10)
      }
    }
  }
  await appender.commit()
  await addHistogramsTo(store, random)
  return store
}

const vector = fc.constantFrom('requests_total', 'temperature', 'requests_total{job="web"}', 'temperature offset 1m', 'temperature @ 900')
const range = fc.constantFrom('1m', '5m', '7m30s', '20s')
const rangeFunction = fc.constantFrom('rate', 'increase', 'delta', 'irate', 'idelta', 'changes', 'resets', 'deriv')
const overTime = fc
  .constantFrom('sum', 'avg', 'min', 'max', 'count', 'last', 'first', 'stddev', 'stdvar', 'present', 'mad', 'ts_of_max')
  .map((name) => `${name}_over_time`)
const selected = fc.tuple(fc.oneof(rangeFunction, overTime), fc.constantFrom('requests_total', 'temperature'), range)
const windowed = fc.oneof(
  selected.map(([name, metric, own]) => `${name}(${metric}[${own}])`),
  fc.tuple(overTime, vector, range).map(([name, metric, own]) => `${name}((${metric})[${own}:45s])`),
  fc.tuple(fc.constantFrom('0.1', '0.5', '1'), range).map(([q, own]) => `quantile_over_time(${q}, temperature[${own}])`),
  range.map((own) => `predict_linear(temperature[${own}], 60)`),
)
const simple = fc.oneof(vector, windowed)
const aggregated = fc
  .tuple(
    fc.constantFrom('sum', 'avg', 'min', 'max', 'count', 'stddev', 'group'),
    fc.constantFrom('', 'by (job)', 'without (instance)'),
    simple,
  )
  .map(([operator, grouping, inner]) => `${operator} ${grouping} (${inner})`)
const chosen = fc.tuple(fc.constantFrom('topk', 'bottomk', 'limitk'), simple).map(([operator, inner]) => `${operator}(2, ${inner})`)
const mapped = fc.tuple(fc.constantFrom('abs', 'ceil', 'sgn', '-', 'timestamp', 'hour'), simple).map(([name, inner]) => `${name}(${inner})`)
const combined = fc
  .tuple(
    simple,
    fc.constantFrom('+', '-', '*', '/', '>', '==', '< bool', 'and', 'unless', 'or on (job, instance)'),
    fc.oneof(simple, fc.constant('temperature')),
  )
  .map(([left, operator, right]) => `${left} ${operator} ${right}`)
const ofHistograms = fc.oneof(
  fc.constantFrom('latency', 'sizes', 'latency{job="web"}', 'sizes offset 2m', 'latency smoothed'),
  fc
    .tuple(
      fc.constantFrom(
        'rate',
        'increase',
        'delta',
        'irate',
        'idelta',
        'changes',
        'resets',
        'last_over_time',
        'sum_over_time',
        'avg_over_time',
      ),
      fc.constantFrom('latency', 'sizes'),
      range,
    )
    .map(([name, metric, own]) => `${name}(${metric}[${own}])`),
  fc
    .tuple(
      fc.constantFrom('sum', 'avg', 'count', 'max'),
      fc.constantFrom('', 'by (job)'),
      fc.constantFrom('latency', 'sizes', 'rate(latency[5m])'),
    )
    .map(([operator, grouping, inner]) => `${operator} ${grouping} (${inner})`),
)
const fromHistograms = fc.oneof(
  ofHistograms,
  fc.tuple(fc.constantFrom('count', 'sum', 'avg', 'stddev', 'stdvar'), ofHistograms).map(([name, inner]) => `histogram_${name}(${inner})`),
  fc.tuple(fc.constantFrom('0', '0.3', '0.9', '1'), ofHistograms).map(([q, inner]) => `histogram_quantile(${q}, ${inner})`),
  ofHistograms.map((inner) => `histogram_fraction(0.5, 2, ${inner})`),
  ofHistograms.map((inner) => `histogram_quantiles(${inner}, "q", 0.5, 0.9)`),
  fc
    .tuple(ofHistograms, fc.constantFrom('+', '-', '==', '!=', '>', 'and', 'unless'), ofHistograms)
    .map(([left, operator, right]) => `${left} ${operator} on (job, instance) (${right})`),
  fc.tuple(ofHistograms, fc.constantFrom('* 2', '/ 3', '</ 1.2', '>/ 1.2', '+ 1')).map(([inner, operator]) => `(${inner}) ${operator}`),
  fc.tuple(fc.constantFrom('last', 'sum', 'count', 'first'), ofHistograms).map(([name, inner]) => `${name}_over_time((${inner})[3m:40s])`),
)
/** What Prometheus 3 has added. */
const newer = fc.oneof(
  fc
    .tuple(
      fc.constantFrom('rate', 'increase', 'delta'),
      fc.constantFrom('requests_total', 'latency'),
      range,
      fc.constantFrom('anchored', 'smoothed'),
    )
    .map(([name, metric, own, extension]) => `${name}(${metric}[${own}] ${extension})`),
  fc.tuple(fc.constantFrom('changes', 'resets'), range).map(([name, own]) => `${name}(requests_total[${own}] anchored)`),
  fc
    .tuple(
      simple,
      fc.constantFrom('fill (0)', 'fill_left (1)', 'fill_right (2)'),
      fc.constantFrom('temperature{job="db"}', 'requests_total'),
    )
    .map(([left, fill, right]) => `${left} + on (job, instance) ${fill} ${right}`),
  fc
    .tuple(fc.constantFrom('limitk(2,', 'limit_ratio(0.4,', 'limit_ratio(-0.4,', 'count_values("v",'), simple)
    .map(([name, inner]) => `${name} ${inner})`),
  fc.tuple(simple, fc.constantFrom('', ', {version=~".+"}', ', {version="a"}')).map(([inner, matchers]) => `info(${inner}${matchers})`),
  simple.map((inner) => `label_replace(${inner}, "instance", "$1$1", "instance", "(.)")`),
  simple.map((inner) => `sum by (__name__) (${inner})`),
  fc.constantFrom('double_exponential_smoothing(temperature[5m], 0.3, 0.7)', 'requests_total smoothed', 'absent(temperature > 29)'),
)
const query = fc.oneof(simple, aggregated, chosen, mapped, combined, fromHistograms, newer)

describe('every query', () => {
  let engine: PromqlEngine
  beforeAll(async () => {
    engine = createEngine({ queryable: await demoStore(), clock: new VirtualClock() })
  })

  test('gives at an instant what it gives at that step of a range', async () => {
    await fc.assert(
      fc.asyncProperty(query, fc.integer({ min: 0, max: 20 }), async (text, step) => {
        const start = 401 * SECOND
        const at = start + step * 61 * SECOND
        const whole = await answered(engine.range(text, start, start + 20 * 61 * SECOND, 61 * SECOND))
        const instant = await answered(engine.instant(text, at))
        // Where a step fails, the whole range does.
        if (whole instanceof QueryError) return
        expect(instant).not.toBeInstanceOf(QueryError)
        if (!(instant instanceof QueryError)) expectSame(sampled(whole, at, at), sampled(instant, at, at))
      }),
      runs(600),
    )
  })

  test('gives over a range what it gives over its two parts', async () => {
    await fc.assert(
      fc.asyncProperty(query, fc.integer({ min: 1, max: 19 }), async (text, cut) => {
        const step = 47 * SECOND
        const [start, end] = [333 * SECOND, 333 * SECOND + 20 * step]
        const middle = start + cut * step
        const whole = await answered(engine.range(text, start, end, step))
        const first = await answered(engine.range(text, start, middle - step, step))
        const second = await answered(engine.range(text, middle, end, step))
        const isFailed = first instanceof QueryError || second instanceof QueryError
        expect(whole instanceof QueryError).toBe(isFailed)
        if (isFailed || whole instanceof QueryError) return
        expectSame(sampled(whole, start, middle - step), sampled(first, start, end))
        expectSame(sampled(whole, middle, end), sampled(second, start, end))
      }),
      runs(500),
    )
  })
})

async function answered(answer: Promise<{ readonly value: Value }>): Promise<Value | QueryError> {
  try {
    return (await answer).value
  } catch (error) {
    if (error instanceof QueryError) return error
    throw error
  }
}

/** The samples of an answer between two times, by series and time; of histograms the parts by name. */
function sampled(value: Value, from: number, to: number): ReadonlyMap<string, number> {
  const found = new Map<string, number>()
  if (value.kind === 'vector') for (const { labels, at, value: own, histogram } of value.samples) add(found, labels, at, own, histogram)
  if (value.kind === 'matrix') for (const series of value.series) addSamples(series, from, to, found)
  return found
}

function addSamples({ labels, times, values, histograms }: SeriesColumns, from: number, to: number, found: Map<string, number>): void {
  for (let index = 0; index < times.length; index++) {
    if (times[index]! >= from && times[index]! <= to) add(found, labels, times[index]!, values[index]!, histograms?.[index])
  }
}

function add(found: Map<string, number>, labels: Labels, at: number, value: number, histogram: Histogram | undefined): void {
  if (histogram === undefined) {
    found.set(`${labels} ${at}`, value)
    return
  }
  // The text without its numbers, which may differ by rounding, and the numbers.
  const { count, sum, zeroCount, positiveBuckets } = compactHistogram(histogram)
  const shape = describeHistogram({
    ...histogram,
    count: 0,
    sum: 0,
    zeroCount: 0,
    positiveBuckets: new Float64Array(histogram.positiveBuckets.length),
  })
  for (const [name, part] of Object.entries({ count, sum, zeroCount })) found.set(`${labels} ${at} ${shape} ${name}`, part)
  for (const [bucket, part] of positiveBuckets.entries()) found.set(`${labels} ${at} ${bucket}`, part)
}

/** Sliding sums may round differently: by a part in 1e12. */
function expectSame(got: ReadonlyMap<string, number>, wanted: ReadonlyMap<string, number>): void {
  expect([...got.keys()].sort()).toEqual([...wanted.keys()].sort())
  for (const [key, own] of wanted) {
    const other = got.get(key) as number
    if (Object.is(own, other) || own === other) continue
    expect(Math.abs(own - other), key).toBeLessThanOrEqual(1e-9 * Math.max(1, Math.abs(own)))
  }
}
