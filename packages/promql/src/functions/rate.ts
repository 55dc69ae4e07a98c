// rate, increase and delta: the difference between the last and the first sample of a window, counter resets added
// back, extrapolated towards the window's bounds.
//
//      window start                                   window end
//      |        toStart |  sampled interval  | toEnd          |
//      (----------------x-----x------x-------x----------------]
//
// A bound is extrapolated to when a sample was due before it (1.1 times the average distance of samples), otherwise
// by half a distance; a counter never further back than to where it would have been zero.
// Prometheus: promql/functions.go extrapolatedRate.

import { type Column, FLOAT } from '../columns/column.ts'
import { PerTimes, type Windows } from '../columns/windows.ts'
import { extrapolation } from './extrapolation.ts'
import type { FloatFunction, FloatWindows, RangeCall } from './range-function.ts'
import { isStartReset, startedIncrease } from './start-times.ts'

/** The part of the extrapolation that depends on times only: shared by all series of one array of times. In seconds. */
interface Geometry {
  /** From the first to the last sample; 0 where there are fewer than two. */
  readonly interval: Float64Array
  readonly toStart: Float64Array
  readonly toEnd: Float64Array
  /** What a difference is multiplied by. */
  readonly factor: Float64Array
  /** A counter whose first sample is above this share of its increase was above zero as far back as is extrapolated. */
  readonly share: Float64Array
}

/** By more than what rounding can do. */
const ABOVE_ONE = 1 + 1e-9

/** rate (counter, per second), increase (counter) and delta (gauge). */
export function extrapolated(call: RangeCall, isCounter: boolean, isRate: boolean): FloatFunction {
  let windows: Windows | undefined
  const perSecond = isRate ? call.range / 1000 : 1
  const geometries = new PerTimes((times) => measure(times, windows as Windows, call, perSecond))
  const fromStarts = startedIncrease(call, isRate)
  return (input, into) => {
    if (isCounter && input.starts !== undefined) {
      fromStarts(input, input.starts, into)
      return
    }
    windows = input.windows
    const geometry = geometries.get(input.times)
    const resets = isCounter ? findResets(input.values) : undefined
    into.count = !isCounter
      ? differences(input, geometry, into.values, into.present)
      : resets === undefined
        ? risingIncreases(input, geometry, perSecond, into.values, into.present)
        : increases(input, geometry, resets, perSecond, into.values, into.present)
  }
}

function measure(times: Float64Array, { low, high }: Windows, { range, ends }: RangeCall, perSecond: number): Geometry {
  const steps = low.length
  const interval = new Float64Array(steps)
  const toStart = new Float64Array(steps)
  const toEnd = new Float64Array(steps)
  const factor = new Float64Array(steps)
  const share = new Float64Array(steps)
  for (let step = 0; step < steps; step++) {
    const samples = high[step]! - low[step]!
    if (samples < 2) continue
    const first = times[low[step]!]!
    const last = times[high[step]! - 1]!
    const end = ends[step]!
    const [sampled, before, after] = extrapolation(first, last, samples, end, range)
    interval[step] = sampled
    toStart[step] = before
    toEnd[step] = after
    factor[step] = (sampled + before + after) / sampled / perSecond
    share[step] = (before / sampled) * ABOVE_ONE
  }
  return { interval, toStart, toEnd, factor, share }
}

/** Indexes of the samples that are lower than the one before. */
function findResets(values: Float64Array): Int32Array | undefined {
  let count = 0
  for (let index = 1; index < values.length; index++) if (values[index]! < values[index - 1]!) count++
  if (count === 0) return undefined
  const resets = new Int32Array(count)
  count = 0
  for (let index = 1; index < values.length; index++) if (values[index]! < values[index - 1]!) resets[count++] = index
  return resets
}

/** Of a counter without resets. */
function risingIncreases(
  { values, windows: { low, high } }: FloatWindows,
  { interval, toStart, toEnd, factor, share }: Geometry,
  perSecond: number,
  out: Float64Array,
  present: Uint8Array,
): number {
  let count = 0
  for (let step = 0; step < out.length; step++) {
    const sampled = interval[step]!
    if (sampled === 0) continue
    const first = values[low[step]!]!
    const result = values[high[step]! - 1]! - first
    out[step] =
      first > share[step]! * result || result === 0
        ? result * factor[step]!
        : result * (extentOf(first, result, sampled, toStart[step]!, toEnd[step]!) / sampled / perSecond)
    present[step] = FLOAT
    count++
  }
  return count
}

function increases(
  { values, windows: { low, high } }: FloatWindows,
  { interval, toStart, toEnd }: Geometry,
  resets: Int32Array,
  perSecond: number,
  out: Float64Array,
  present: Uint8Array,
): number {
  let count = 0
  let firstReset = 0
  let lastReset = 0
  for (let step = 0; step < out.length; step++) {
    const sampled = interval[step]!
    if (sampled === 0) continue
    const from = low[step]!
    const to = high[step]!
    const first = values[from]!
    let result = values[to - 1]! - first
    while (firstReset < resets.length && resets[firstReset]! <= from) firstReset++
    while (lastReset < resets.length && resets[lastReset]! < to) lastReset++
    for (let reset = firstReset; reset < lastReset; reset++) result += values[resets[reset]! - 1]!
    out[step] = result * (extentOf(first, result, sampled, toStart[step]!, toEnd[step]!) / sampled / perSecond)
    present[step] = FLOAT
    count++
  }
  return count
}

/** The time over which a counter rose, in seconds: not further back than to where it would have been zero. */
function extentOf(first: number, result: number, sampled: number, toStart: number, toEnd: number): number {
  let before = toStart
  if (result > 0 && first >= 0) {
    const toZero = sampled * (first / result)
    if (toZero < before) before = toZero
  }
  return sampled + before + toEnd
}

function differences(
  { values, windows: { low, high } }: FloatWindows,
  { interval, factor }: Geometry,
  out: Float64Array,
  present: Uint8Array,
): number {
  let count = 0
  for (let step = 0; step < out.length; step++) {
    if (interval[step] === 0) continue
    const result = values[high[step]! - 1]! - values[low[step]!]!
    out[step] = result * factor[step]!
    present[step] = FLOAT
    count++
  }
  return count
}

/** irate and idelta: the last two samples of the window. Prometheus: promql/functions.go instantValue. */
export function lastDifference(isRate: boolean): FloatFunction {
  return ({ times, values, starts, windows: { low, high } }: FloatWindows, into: Column) => {
    const { values: out, present } = into
    for (let step = 0; step < out.length; step++) {
      const last = high[step]! - 1
      if (last <= low[step]!) continue
      const now = values[last]!
      const before = values[last - 1]!
      // A counter that was reset counts from zero.
      const isReset = now < before || (starts !== undefined && isStartReset(starts, times, last))
      const difference = isRate && isReset ? now : now - before
      out[step] = isRate ? difference / ((times[last]! - times[last - 1]!) / 1000) : difference
      present[step] = FLOAT
      into.count++
    }
  }
}
