import { expect, test } from 'vitest'
import { makeColumn } from '../columns/column.ts'
import { findRuns, findWindows } from '../columns/windows.ts'
import { gridTimes } from '../plan/grid.ts'
import type { RangeCall } from './range-function.ts'
import { extrapolated } from './rate.ts'

const RANGE = 300_000
const START = 1_700_000_000_000

/** A counter scraped about every 15 s, with gaps and resets; a seed gives the same one again. */
function counter(seed: number, isEven: boolean, resets: number): { times: Float64Array; values: Float64Array } {
  let state = seed
  const next = () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    return state / 2 ** 32
  }
  const times: number[] = []
  const values: number[] = []
  let value = next() < 0.5 ? 0 : next() * 1e6
  for (let index = 0; index < 400; index++) {
    if (!isEven && next() < 0.1) continue
    times.push(START + index * 15_000 + (isEven ? 0 : Math.floor(next() * 900)))
    value = next() < resets / 400 ? next() * 5 : value + (next() < 0.2 ? 0 : next() * 40)
    values.push(value)
  }
  return { times: Float64Array.from(times), values: Float64Array.from(values) }
}

/** One window, word for word after promql/functions.go extrapolatedRate. */
function expected(times: Float64Array, values: Float64Array, end: number, isCounter: boolean, isRate: boolean): number | undefined {
  const inside = [...times.keys()].filter((index) => times[index]! > end - RANGE && times[index]! <= end)
  if (inside.length < 2) return undefined
  const [first, last] = [inside[0]!, inside.at(-1)!]
  let result = values[last]! - values[first]!
  for (const index of inside.slice(1)) if (isCounter && values[index]! < values[index - 1]!) result += values[index - 1]!
  let toStart = (times[first]! - (end - RANGE)) / 1000
  let toEnd = (end - times[last]!) / 1000
  const sampled = (times[last]! - times[first]!) / 1000
  const average = sampled / (inside.length - 1)
  if (toStart >= average * 1.1) toStart = average / 2
  if (isCounter && result > 0 && values[first]! >= 0) toStart = Math.min(toStart, sampled * (values[first]! / result))
  if (toEnd >= average * 1.1) toEnd = average / 2
  const factor = (sampled + toStart + toEnd) / sampled
  return result * (isRate ? factor / (RANGE / 1000) : factor)
}

test('rate, increase and delta have the bits of the formula, with even and uneven samples, gaps and resets', () => {
  for (let seed = 1; seed <= 60; seed++) {
    const { times, values } = counter(seed, seed % 2 === 0, seed % 5)
    const step = [15_000, 60_000, 37_000][seed % 3] as number
    const grid = { start: START - 600_000 + (seed % 4) * 137, step, count: Math.floor(7_500_000 / step) }
    const ends = gridTimes(grid)
    const windows = findWindows(times, ends, RANGE, 0)
    const say = () => undefined
    const call: RangeCall = { range: RANGE, ends, stepTimes: ends, args: [], metricName: () => '', warn: say, info: say }
    for (const [isCounter, isRate] of [
      [true, true],
      [true, false],
      [false, false],
    ] as const) {
      const column = makeColumn(grid.count)
      extrapolated(call, isCounter, isRate)({ times, values, windows, starts: undefined }, column)
      const found = Array.from(column.present, (kind, at) => (kind === 0 ? undefined : column.values[at]))
      expect(found, `seed ${seed}`).toEqual(Array.from(ends, (end) => expected(times, values, end, isCounter, isRate)))
      expect(column.count).toBe(found.filter((value) => value !== undefined).length)
    }
  }
})

test('runs are steps whose windows move evenly', () => {
  const times = Float64Array.from([0, 15, 30, 45, 60, 90, 105, 120], (seconds) => seconds * 1000)
  const ends = Float64Array.from([0, 30, 60, 90, 120, 150, 900], (seconds) => seconds * 1000)
  // Windows of 45 s: [0], [0 15 30], [30 45 60], [60 90], [90 105 120], [120], none.
  expect([...findRuns(findWindows(times, ends, 45_000, 0))]).toEqual([1, 3, 0, 3, 2, 3, 4, 4, 6, 1, 4, 5, 5, 8, 2])
})
