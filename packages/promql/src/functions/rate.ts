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
}

/** rate (counter, per second), increase (counter) and delta (gauge). */
export function extrapolated(call: RangeCall, isCounter: boolean, isRate: boolean): FloatFunction {
  let windows: Windows | undefined
  const geometries = new PerTimes((times) => measure(times, windows as Windows, call))
  const perSecond = isRate ? call.range / 1000 : 1
  const fromStarts = startedIncrease(call, isRate)
  return (input, into) => {
    if (isCounter && input.starts !== undefined) {
      fromStarts(input, input.starts, into)
      return
    }
    windows = input.windows
    const geometry = geometries.get(input.times)
    const resets = isCounter ? findResets(input.values) : undefined
    into.count = isCounter
      ? increases(input, geometry, resets, perSecond, into.values, into.present)
      : differences(input, geometry, perSecond, into.values, into.present)
  }
}

function measure(times: Float64Array, { low, high }: Windows, { range, ends }: RangeCall): Geometry {
  const steps = low.length
  const interval = new Float64Array(steps)
  const toStart = new Float64Array(steps)
  const toEnd = new Float64Array(steps)
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
  }
  return { interval, toStart, toEnd }
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

function increases(
  { values, windows: { low, high } }: FloatWindows,
  { interval, toStart, toEnd }: Geometry,
  resets: Int32Array | undefined,
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
    if (resets !== undefined) {
      while (firstReset < resets.length && resets[firstReset]! <= from) firstReset++
      while (lastReset < resets.length && resets[lastReset]! < to) lastReset++
      for (let reset = firstReset; reset < lastReset; reset++) result += values[resets[reset]! - 1]!
    }
    let before = toStart[step]!
    if (result > 0 && first >= 0) {
      const toZero = sampled * (first / result)
      if (toZero < before) before = toZero
    }
    out[step] = result * ((sampled + before + toEnd[step]!) / sampled / perSecond)
    present[step] = FLOAT
    count++
  }
  return count
}

function differences(
  { values, windows: { low, high } }: FloatWindows,
  { interval, toStart, toEnd }: Geometry,
  perSecond: number,
  out: Float64Array,
  present: Uint8Array,
): number {
  let count = 0
  for (let step = 0; step < out.length; step++) {
    const sampled = interval[step]!
    if (sampled === 0) continue
    const result = values[high[step]! - 1]! - values[low[step]!]!
    out[step] = result * ((sampled + toStart[step]! + toEnd[step]!) / sampled / perSecond)
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
