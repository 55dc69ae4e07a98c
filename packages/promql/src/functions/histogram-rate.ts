// rate, increase, delta, irate and idelta of native histograms. Prometheus: promql/functions.go histogramRate and
// instantValue.

import {
  addHistograms,
  compactHistogram,
  divideHistogram,
  type Histogram,
  type HistogramSum,
  hasCustomBuckets,
  isReset,
  reduceResolution,
  scaleHistogram,
  subtractHistograms,
} from '@promlet/model'
import { annotationTexts, type HistogramOperation } from '../annotations.ts'
import { type Column, putFloat, putHistogram } from '../columns/column.ts'
import type { MixedFunction, MixedWindow, RangeCall } from './range-function.ts'
import { beginsWithin, isOverlap, isStartReset, reach } from './start-times.ts'

/** rate (counter, per second), increase (counter) and delta (gauge). */
export function extrapolatedHistogram(call: RangeCall, isCounter: boolean, isRate: boolean): MixedFunction {
  const perSecond = isRate ? call.range / 1000 : 1
  return (window, into) => {
    if (window.floatLow < window.floatHigh) {
      call.warn(annotationTexts.mixedFloatsHistograms(call.metricName()))
      return
    }
    const { histogramLow: low, histogramHigh: high, histogramTimes: times, step } = window
    const first = window.histograms[low] as Histogram
    const start = window.histogramStarts?.[low] ?? 0
    const end = call.ends[step]!
    const begins = isCounter && beginsWithin(start, end - call.range, times[low]!)
    if (!begins && high - low < 2) return
    const increase = high - low < 2 ? undefined : increaseOf(window, isCounter, call)
    if (increase === undefined && high - low > 1) return
    const [sampled, toStart, toEnd] = reach(times, start, begins, low, high, end, call.range)
    const total = begins ? withFirst(increase, first, call) : increase
    if (total === undefined) return
    let before = toStart
    if (isCounter && !begins && total.count > 0 && first.count >= 0) before = Math.min(before, sampled * (first.count / total.count))
    putHistogram(into, step, scaleHistogram(total, (sampled + before + toEnd) / sampled / perSecond))
  }
}

/** A series that begins within the window has counted its first sample there too. */
function withFirst(increase: Histogram | undefined, first: Histogram, call: RangeCall): Histogram | undefined {
  return increase === undefined ? first : take(addHistograms(increase, first), 'addition', call)
}

/** The difference between the last and the first, resets added back; undefined where layouts do not fit together. */
function increaseOf(window: MixedWindow, isCounter: boolean, call: RangeCall): Histogram | undefined {
  const { histogramLow: low, histogramHigh: high } = window
  const points = window.histograms.slice(low, high)
  const [first, second] = points as [Histogram, Histogram]
  const last = points.at(-1) as Histogram
  warnOfKind(points, isCounter, call)
  // After a reset the layout of the first sample does not matter: it is as if it had been empty.
  const base = isCounter && isResetAt(window, low + 1, first) ? emptyLike(second) : first
  const rest = isCounter ? points.slice(1, -1) : []
  if ([last, ...rest].some((point) => hasCustomBuckets(point) !== hasCustomBuckets(base))) {
    call.warn(annotationTexts.mixedSchemas(call.metricName()))
    return undefined
  }
  const schema = Math.min(base.schema, last.schema, ...rest.map((point) => point.schema))
  let total = take(subtractHistograms(reduceResolution(last, schema), base), 'subtraction', call)
  if (isCounter) {
    warnOfOverlap(window, call)
    let before = base
    for (let index = low + 1; index < high; index++) {
      if (total !== undefined && isResetAt(window, index, before)) total = take(addHistograms(total, before), 'addition', call)
      before = window.histograms[index] as Histogram
    }
  }
  return total === undefined ? undefined : compactHistogram({ ...total, counterResetHint: 'gauge' })
}

function isResetAt({ histograms, histogramStarts, histogramTimes }: MixedWindow, index: number, before: Histogram): boolean {
  if (histogramStarts !== undefined && isStartReset(histogramStarts, histogramTimes, index)) return true
  return isReset(histograms[index] as Histogram, before)
}

function warnOfOverlap({ histogramStarts, histogramTimes, histogramLow, histogramHigh }: MixedWindow, call: RangeCall): void {
  if (histogramStarts === undefined) return
  for (let index = histogramLow + 1; index < histogramHigh; index++) {
    if (!isOverlap(histogramStarts, histogramTimes, index)) continue
    call.warn(annotationTexts.startTimeOverlap(call.metricName()))
    return
  }
}

function warnOfKind(points: readonly Histogram[], isCounter: boolean, call: RangeCall): void {
  const isGauge = ({ counterResetHint }: Histogram) => counterResetHint === 'gauge'
  if (isCounter && points.some(isGauge)) call.warn(annotationTexts.notCounter(call.metricName()))
  if (!isCounter && !(isGauge(points[0] as Histogram) && isGauge(points.at(-1) as Histogram))) {
    call.warn(annotationTexts.notGauge(call.metricName()))
  }
}

/** The result of an operation, with what it has to say; undefined with a warning when there is none. */
export function take(sum: HistogramSum | undefined, operation: HistogramOperation, call: RangeCall): Histogram | undefined {
  if (sum === undefined) {
    call.warn(annotationTexts.mixedSchemas(call.metricName()))
    return undefined
  }
  if (sum.areBoundsReconciled) call.info(annotationTexts.reconciledBuckets(operation))
  return sum.histogram
}

function emptyLike(histogram: Histogram): Histogram {
  return {
    ...histogram,
    zeroThreshold: 0,
    zeroCount: 0,
    count: 0,
    sum: 0,
    positiveSpans: [],
    positiveBuckets: new Float64Array(),
    negativeSpans: [],
    negativeBuckets: new Float64Array(),
    counterResetHint: 'unknown',
  }
}

/** irate and idelta: of the last two samples of either kind. */
export function lastHistogramDifference(call: RangeCall, isRate: boolean): MixedFunction {
  return (window, into) => {
    const [before, last] = lastTwo(window)
    if (before === undefined || last === undefined) return
    const seconds = (last.at - before.at) / 1000
    const isStartedAnew = last.starts !== undefined && before.isFloat === last.isFloat && isStartReset(last.starts, last.times, last.index)
    if (before.isFloat !== last.isFloat) call.warn(annotationTexts.mixedFloatsHistograms(call.metricName()))
    else if (last.isFloat) putFloatDifference(window, into, before.index, last.index, isRate, isStartedAnew)
    else putHistogramDifference(window, into, before.index, last.index, isRate, isStartedAnew, seconds, call)
  }
}

/** A sample of one of the two lists of a window. */
interface Place {
  readonly at: number
  readonly isFloat: boolean
  readonly index: number
  readonly times: Float64Array
  readonly starts: Float64Array | undefined
}

function lastTwo(window: MixedWindow): readonly [Place | undefined, Place | undefined] {
  const { floatTimes, floatStarts, floatLow, floatHigh, histogramTimes, histogramStarts, histogramLow, histogramHigh } = window
  const places: Place[] = []
  for (let index = Math.max(floatLow, floatHigh - 2); index < floatHigh; index++) {
    places.push({ at: floatTimes[index]!, isFloat: true, index, times: floatTimes, starts: floatStarts })
  }
  for (let index = Math.max(histogramLow, histogramHigh - 2); index < histogramHigh; index++) {
    places.push({ at: histogramTimes[index]!, isFloat: false, index, times: histogramTimes, starts: histogramStarts })
  }
  places.sort((left, right) => left.at - right.at)
  return [places.at(-2), places.at(-1)]
}

function putFloatDifference(window: MixedWindow, into: Column, before: number, last: number, isRate: boolean, isNew: boolean): void {
  const { floats, floatTimes, step } = window
  const now = floats[last]!
  const difference = isRate && (isNew || now < floats[before]!) ? now : now - floats[before]!
  putFloat(into, step, isRate ? difference / ((floatTimes[last]! - floatTimes[before]!) / 1000) : difference)
}

function putHistogramDifference(
  window: MixedWindow,
  into: Column,
  before: number,
  last: number,
  isRate: boolean,
  isNew: boolean,
  seconds: number,
  call: RangeCall,
): void {
  const [base, now] = [window.histograms[before], window.histograms[last]] as [Histogram, Histogram]
  warnOfKind([base, now], isRate, call)
  const difference = isRate && (isNew || isReset(now, base)) ? now : take(subtractHistograms(now, base), 'subtraction', call)
  if (difference === undefined) return
  const result = compactHistogram({ ...difference, counterResetHint: 'gauge' })
  putHistogram(into, window.step, isRate ? divideHistogram(result, seconds) : result)
}
