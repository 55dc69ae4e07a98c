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
import { extrapolation } from './rate.ts'

/** rate (counter, per second), increase (counter) and delta (gauge). */
export function extrapolatedHistogram(call: RangeCall, isCounter: boolean, isRate: boolean): MixedFunction {
  return (window, into) => {
    if (window.floatLow < window.floatHigh) {
      call.warn(annotationTexts.mixedFloatsHistograms(call.metricName()))
      return
    }
    const { histogramLow: low, histogramHigh: high, histogramTimes: times, step } = window
    if (high - low < 2) return
    const increase = increaseOf(window.histograms.slice(low, high), isCounter, call)
    if (increase === undefined) return
    const [sampled, toStart, toEnd] = extrapolation(times[low]!, times[high - 1]!, high - low, call.ends[step]!, call.range)
    let before = toStart
    const first = window.histograms[low] as Histogram
    if (isCounter && increase.count > 0 && first.count >= 0) before = Math.min(before, sampled * (first.count / increase.count))
    const factor = (sampled + before + toEnd) / sampled / (isRate ? call.range / 1000 : 1)
    putHistogram(into, step, scaleHistogram(increase, factor))
  }
}

/** The difference between the last and the first, resets added back; undefined where layouts do not fit together. */
function increaseOf(points: readonly Histogram[], isCounter: boolean, call: RangeCall): Histogram | undefined {
  const [first, second] = points as [Histogram, Histogram]
  const last = points.at(-1) as Histogram
  warnOfKind(points, isCounter, call)
  // After a reset the layout of the first sample does not matter: it is as if it had been empty.
  const base = isCounter && isReset(second, first) ? emptyLike(second) : first
  const rest = isCounter ? points.slice(1, -1) : []
  if ([last, ...rest].some((point) => hasCustomBuckets(point) !== hasCustomBuckets(base))) {
    call.warn(annotationTexts.mixedSchemas(call.metricName()))
    return undefined
  }
  const schema = Math.min(base.schema, last.schema, ...rest.map((point) => point.schema))
  let total = take(subtractHistograms(reduceResolution(last, schema), base), 'subtraction', call)
  let before = base
  for (const point of isCounter ? points.slice(1) : []) {
    if (total !== undefined && isReset(point, before)) total = take(addHistograms(total, before), 'addition', call)
    before = point
  }
  return total === undefined ? undefined : compactHistogram({ ...total, counterResetHint: 'gauge' })
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
    if (typeof before.item === 'number' || typeof last.item === 'number') {
      if (typeof before.item === typeof last.item)
        putFloatDifference(window, into, before as Sample<number>, last as Sample<number>, isRate)
      else call.warn(annotationTexts.mixedFloatsHistograms(call.metricName()))
      return
    }
    warnOfKind([before.item, last.item], isRate, call)
    const difference =
      isRate && isReset(last.item, before.item) ? last.item : take(subtractHistograms(last.item, before.item), 'subtraction', call)
    if (difference === undefined) return
    const result = compactHistogram({ ...difference, counterResetHint: 'gauge' })
    putHistogram(into, window.step, isRate ? divideHistogram(result, (last.at - before.at) / 1000) : result)
  }
}

interface Sample<T> {
  readonly at: number
  readonly item: T
}

function lastTwo(window: MixedWindow): readonly [Sample<number | Histogram> | undefined, Sample<number | Histogram> | undefined] {
  const samples: Sample<number | Histogram>[] = []
  for (let index = Math.max(window.floatLow, window.floatHigh - 2); index < window.floatHigh; index++) {
    samples.push({ at: window.floatTimes[index]!, item: window.floats[index]! })
  }
  for (let index = Math.max(window.histogramLow, window.histogramHigh - 2); index < window.histogramHigh; index++) {
    samples.push({ at: window.histogramTimes[index]!, item: window.histograms[index] as Histogram })
  }
  samples.sort((left, right) => left.at - right.at)
  return [samples.at(-2), samples.at(-1)]
}

function putFloatDifference({ step }: MixedWindow, into: Column, before: Sample<number>, last: Sample<number>, isRate: boolean): void {
  const difference = isRate && last.item < before.item ? last.item : last.item - before.item
  putFloat(into, step, isRate ? difference / ((last.at - before.at) / 1000) : difference)
}
