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
import { findRuns, PerTimes, RUN_SLOTS, type Windows } from '../columns/windows.ts'
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
  readonly shareMax: number
  /** The windows of at least two samples, see `findRuns`. */
  readonly runs: Int32Array
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
    const { values } = input
    if (!isCounter || (resets === undefined && isFarFromZero(values, geometry))) {
      into.count = differences(values, geometry, into.values, into.present)
      return
    }
    into.count = risingIncreases(values, geometry, perSecond, into.values, into.present)
    if (resets !== undefined) correctResets(input, geometry, resets, perSecond, into.values)
  }
}

function measure(times: Float64Array, windows: Windows, { range, ends }: RangeCall, perSecond: number): Geometry {
  const { low, high } = windows
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
  const shareMax = share.reduce((most, one) => Math.max(most, one), 0)
  return { interval, toStart, toEnd, factor, share, shareMax, runs: findRuns(windows) }
}

/** Indexes of the samples that are lower than the one before. */
function findResets(values: Float64Array): Int32Array | undefined {
  let count = 0
  let before = -Infinity
  for (let index = 0; index < values.length; index++) {
    const value = values[index]!
    if (value < before) count++
    before = value
  }
  if (count === 0) return undefined
  const resets = new Int32Array(count)
  count = 0
  for (let index = 1; index < values.length; index++) if (values[index]! < values[index - 1]!) resets[count++] = index
  return resets
}

/** Of a counter that has no resets in its windows. */
function risingIncreases(values: Float64Array, geometry: Geometry, perSecond: number, out: Float64Array, present: Uint8Array): number {
  const { interval, toStart, toEnd, factor, share, runs } = geometry
  let count = 0
  for (let at = 0; at < runs.length; at += RUN_SLOTS) {
    const [from, to, stride] = [runs[at]!, runs[at + 1]!, runs[at + 4]!]
    let low = runs[at + 2]!
    let last = runs[at + 3]! - 1
    for (let step = from; step < to; step++) {
      const first = values[low]!
      const result = values[last]! - first
      out[step] =
        first > share[step]! * result || result === 0
          ? result * factor[step]!
          : result * (extentOf(first, result, interval[step]!, toStart[step]!, toEnd[step]!) / interval[step]! / perSecond)
      low += stride
      last += stride
    }
    present.fill(FLOAT, from, to)
    count += to - from
  }
  return count
}

/** True when a counter without resets began so long before the windows that it was above zero in all of them. */
function isFarFromZero(values: Float64Array, { runs, shareMax }: Geometry): boolean {
  if (runs.length === 0) return true
  // Nothing in the windows is lower than the first sample of the first one.
  const lowest = values[runs[2]!]!
  return lowest > shareMax * (values[values.length - 1]! - lowest)
}

/** Computes anew what was computed as if there were no resets. */
function correctResets(
  { values, windows: { low, high } }: FloatWindows,
  { interval, toStart, toEnd }: Geometry,
  resets: Int32Array,
  perSecond: number,
  out: Float64Array,
): void {
  let firstReset = 0
  for (let step = 0; step < out.length && firstReset < resets.length; step++) {
    const sampled = interval[step]!
    const from = low[step]!
    const to = high[step]!
    if (sampled === 0 || resets[firstReset]! >= to) continue
    while (firstReset < resets.length && resets[firstReset]! <= from) firstReset++
    if (firstReset === resets.length || resets[firstReset]! >= to) continue
    const first = values[from]!
    let result = values[to - 1]! - first
    for (let reset = firstReset; reset < resets.length && resets[reset]! < to; reset++) result += values[resets[reset]! - 1]!
    out[step] = result * (extentOf(first, result, sampled, toStart[step]!, toEnd[step]!) / sampled / perSecond)
  }
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

function differences(values: Float64Array, { factor, runs }: Geometry, out: Float64Array, present: Uint8Array): number {
  let count = 0
  for (let at = 0; at < runs.length; at += RUN_SLOTS) {
    const [from, to, stride] = [runs[at]!, runs[at + 1]!, runs[at + 4]!]
    let low = runs[at + 2]!
    let last = runs[at + 3]! - 1
    for (let step = from; step < to; step++) {
      out[step] = (values[last]! - values[low]!) * factor[step]!
      low += stride
      last += stride
    }
    present.fill(FLOAT, from, to)
    count += to - from
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
