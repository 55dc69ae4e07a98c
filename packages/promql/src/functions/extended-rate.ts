// rate, increase and delta of `anchored` and `smoothed` windows: nothing is extrapolated. Anchored, the last sample
// before the window's start stands at its start; smoothed, values at both bounds are interpolated between the samples
// on either side. Prometheus: promql/functions.go extendedRate.

import { type Column, FLOAT } from '../columns/column.ts'
import { firstAfter } from '../columns/windows.ts'
import type { FloatFunction, FloatWindows, RangeCall } from './range-function.ts'

export interface RateKind {
  readonly isCounter: boolean
  readonly isRate: boolean
  readonly isSmoothed: boolean
}

/** The samples that matter for a window: from the one at or before its start to the one at or after its end. */
export interface Span {
  readonly first: number
  readonly last: number
}

/** Undefined where there is nothing to measure. `low` to `high` (exclusive) are the samples of the extended window. */
export function spanOf(times: Float64Array, low: number, high: number, start: number, end: number, isSmoothed: boolean): Span | undefined {
  if (low === high) return undefined
  let last = high - 1
  const first = Math.max(low, firstAfter(times, start, low, last) - 1)
  if (isSmoothed) last = firstAfter(times, end - 1, low, last)
  if (times[last]! <= start || (isSmoothed && times[first]! > end)) return undefined
  return { first, last }
}

export function extendedRate(call: RangeCall, kind: RateKind): FloatFunction {
  const perSecond = kind.isRate ? call.range / 1000 : 1
  return (input, into) => {
    const { low, high } = input.windows
    for (let step = 0; step < low.length; step++) {
      const end = call.ends[step]!
      const span = spanOf(input.times, low[step]!, high[step]!, end - call.range, end, kind.isSmoothed)
      if (span === undefined) continue
      into.values[step] = increaseOver(input, span, end - call.range, end, kind) / perSecond
      into.present[step] = FLOAT
      into.count++
    }
  }
}

function increaseOver({ times, values }: FloatWindows, { first, last }: Span, start: number, end: number, kind: RateKind): number {
  const { isCounter, isSmoothed } = kind
  const isLeftCut = isSmoothed && times[first]! < start
  const isRightCut = isSmoothed && last > first && times[last]! > end
  const left = isLeftCut ? interpolate(times, values, first, start, isCounter) : values[first]!
  const right = isRightCut ? interpolate(times, values, last - 1, end, isCounter) : values[last]!
  if (!isCounter) return right - left
  // Bounds have taken resets next to them into account.
  const from = times[first]! <= start ? first + 1 : first
  const to = times[last]! >= end ? last : last + 1
  let correction = 0
  let before = left
  for (let index = from; index < to; index++) {
    const value = values[index]!
    if (value < before) correction += before
    before = value
  }
  if (right < before) correction += before
  return right - left + correction
}

/** The value at `at`, between the sample at `index` and the next. A counter that was reset there counts from zero. */
export function interpolate(times: Float64Array, values: Float64Array, index: number, at: number, isCounter: boolean): number {
  const next = values[index + 1]!
  const value = isCounter && next < values[index]! ? 0 : values[index]!
  return value + ((next - value) * (at - times[index]!)) / (times[index + 1]! - times[index]!)
}

/** changes and resets of anchored windows: the anchor is compared with the first sample within. */
export function anchoredTransitions(call: RangeCall, counts: (before: number, now: number) => boolean): FloatFunction {
  return ({ times, values, windows: { low, high } }: FloatWindows, into: Column) => {
    for (let step = 0; step < low.length; step++) {
      const to = high[step]!
      const inside = firstAfter(times, call.ends[step]! - call.range, low[step]!, to)
      if (inside === to) continue
      let count = 0
      for (let index = Math.max(low[step]! + 1, inside); index < to; index++) if (counts(values[index - 1]!, values[index]!)) count++
      into.values[step] = count
      into.present[step] = FLOAT
      into.count++
    }
  }
}
