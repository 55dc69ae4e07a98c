// What holds for every query: an instant at t gives what a range gives at t; a range in two parts gives the whole.

import { Labels, type SeriesColumns, type Value } from '@promlet/model'
import { MemoryStore, VirtualClock } from '@promlet/model/testing'
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { createEngine, type PromqlEngine } from './engine.ts'

const SECOND = 1000
const END = 1800 * SECOND

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
const query = fc.oneof(simple, aggregated, chosen, mapped, combined)

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
        const whole = await engine.range(text, start, start + 20 * 61 * SECOND, 61 * SECOND)
        const instant = await engine.instant(text, at)
        expectSame(sampled(whole.value, at, at), sampled(instant.value, at, at))
      }),
      { numRuns: 400 },
    )
  })

  test('gives over a range what it gives over its two parts', async () => {
    await fc.assert(
      fc.asyncProperty(query, fc.integer({ min: 1, max: 19 }), async (text, cut) => {
        const step = 47 * SECOND
        const [start, end] = [333 * SECOND, 333 * SECOND + 20 * step]
        const middle = start + cut * step
        const whole = await engine.range(text, start, end, step)
        const first = await engine.range(text, start, middle - step, step)
        const second = await engine.range(text, middle, end, step)
        expectSame(sampled(whole.value, start, middle - step), sampled(first.value, start, end))
        expectSame(sampled(whole.value, middle, end), sampled(second.value, start, end))
      }),
      { numRuns: 300 },
    )
  })
})

/** The samples of an answer between two times, by series and time. */
function sampled(value: Value, from: number, to: number): ReadonlyMap<string, number> {
  const found = new Map<string, number>()
  if (value.kind === 'vector') for (const { labels, at, value: own } of value.samples) found.set(`${labels} ${at}`, own)
  if (value.kind === 'matrix') for (const series of value.series) addSamples(series, from, to, found)
  return found
}

function addSamples({ labels, times, values }: SeriesColumns, from: number, to: number, found: Map<string, number>): void {
  for (let index = 0; index < times.length; index++) {
    if (times[index]! >= from && times[index]! <= to) found.set(`${labels} ${times[index]}`, values[index]!)
  }
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
