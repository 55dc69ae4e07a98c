// Start timestamps say when a counter began to count. They tell resets that the values hide, and where a series began
// within a window. Prometheus: promql/functions.go isStartTimestampReset, extrapolatedRate.

import { annotationTexts } from '../annotations.ts'
import { type Column, putFloat } from '../columns/column.ts'
import { extrapolation } from './extrapolation.ts'
import type { FloatWindows, RangeCall } from './range-function.ts'

/** True when the counter of the sample at `index` began after the sample `before`. 0 is no start timestamp. */
export function isStartReset(starts: Float64Array, times: Float64Array, index: number, before: number = index - 1): boolean {
  const start = starts[index]!
  // A start at (or after) the sample itself means that it is not known.
  if (start === 0 || start >= times[index]! || start < times[before]!) return false
  if (start > times[before]!) return true
  // It began with the sample before: so do deltas; but so does, in OpenTelemetry, a counter whose start is not known,
  // and then the sample before has no start of its own.
  return starts[before] !== 0 && starts[before]! < times[before]!
}

/** True when a counter is said to have begun before the last sample of another one. */
export function isOverlap(starts: Float64Array, times: Float64Array, index: number): boolean {
  const start = starts[index]!
  return start !== 0 && start < times[index - 1]! && start !== starts[index - 1]
}

/** True when a series is known to have begun within a window and before its first sample: from zero, then. */
export function beginsWithin(start: number, windowStart: number, firstAt: number): boolean {
  return start !== 0 && start > windowStart && start < firstAt
}

/** rate and increase of series with start timestamps; one sample is enough where its counter began within the window. */
export function startedIncrease(call: RangeCall, isRate: boolean): (input: FloatWindows, starts: Float64Array, into: Column) => void {
  const perSecond = isRate ? call.range / 1000 : 1
  return (input, starts, into) => {
    const { times, values, windows } = input
    for (let step = 0; step < windows.low.length; step++) {
      const low = windows.low[step]!
      const high = windows.high[step]!
      if (low === high) continue
      const end = call.ends[step]!
      const begins = beginsWithin(starts[low]!, end - call.range, times[low]!)
      if (!begins && high - low < 2) continue
      const increase = increaseBetween(values, times, starts, low, high, call)
      const first = values[low]!
      const [sampled, toStart, toEnd] = reach(times, starts[low]!, begins, low, high, end, call.range)
      const total = begins ? increase + first : increase
      let before = toStart
      if (!begins && increase > 0 && first >= 0) before = Math.min(before, sampled * (first / increase))
      putFloat(into, step, total * ((sampled + before + toEnd) / sampled / perSecond))
    }
  }
}

/** As `extrapolation`; a series that begins within the window is not extrapolated to its start. */
export function reach(
  times: Float64Array,
  start: number,
  begins: boolean,
  low: number,
  high: number,
  end: number,
  range: number,
): readonly [sampled: number, toStart: number, toEnd: number] {
  const last = times[high - 1]!
  if (high - low < 2) return [(last - start) / 1000, 0, 0]
  const [sampled, toStart, toEnd] = extrapolation(times[low]!, last, high - low, end, range)
  return begins ? [(last - start) / 1000, 0, toEnd] : [sampled, toStart, toEnd]
}

function increaseBetween(
  values: Float64Array,
  times: Float64Array,
  starts: Float64Array,
  low: number,
  high: number,
  call: RangeCall,
): number {
  let increase = values[high - 1]! - values[low]!
  let hasOverlap = false
  for (let index = low + 1; index < high; index++) {
    if (!hasOverlap && isOverlap(starts, times, index)) {
      hasOverlap = true
      call.warn(annotationTexts.startTimeOverlap(call.metricName()))
    }
    const before = values[index - 1]!
    if (values[index]! < before || isStartReset(starts, times, index)) increase += before
  }
  return increase
}
