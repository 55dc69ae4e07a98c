// As extended-rate, for native histograms. Prometheus: promql/functions.go extendedHistogramRate.

import {
  addHistograms,
  compactHistogram,
  divideHistogram,
  type Histogram,
  hasCustomBuckets,
  isReset,
  scaleHistogram,
  subtractHistograms,
} from '@promlet/model'
import { annotationTexts } from '../annotations.ts'
import { putHistogram } from '../columns/column.ts'
import { firstAfter } from '../columns/windows.ts'
import { type RateKind, type Span, spanOf } from './extended-rate.ts'
import { take } from './histogram-rate.ts'
import type { MixedFunction, MixedWindow, RangeCall } from './range-function.ts'

export function extendedHistogramRate(call: RangeCall, kind: RateKind): MixedFunction {
  return (window, into) => {
    if (window.floatLow < window.floatHigh) {
      call.warn(annotationTexts.mixedFloatsHistograms(call.metricName()))
      return
    }
    const end = call.ends[window.step]!
    const start = end - call.range
    const span = spanOf(window.histogramTimes, window.histogramLow, window.histogramHigh, start, end, kind.isSmoothed)
    if (span === undefined) return
    const increase = increaseOver(window, span, start, end, kind, call)
    if (increase === undefined) return
    const result = kind.isRate ? divideHistogram(increase, call.range / 1000) : increase
    putHistogram(into, window.step, compactHistogram({ ...result, counterResetHint: 'gauge' }))
  }
}

function increaseOver(window: MixedWindow, span: Span, start: number, end: number, kind: RateKind, call: RangeCall): Histogram | undefined {
  const { histograms, histogramTimes: times } = window
  const { isCounter, isSmoothed } = kind
  if (!areUsable(histograms.slice(span.first, span.last + 1), isCounter, call)) return undefined
  const isLeftCut = isSmoothed && times[span.first]! < start
  const isRightCut = isSmoothed && span.last > span.first && times[span.last]! > end
  const left = isLeftCut ? between(window, span.first, start, isCounter, call) : histograms[span.first]
  const right = isRightCut ? between(window, span.last - 1, end, isCounter, call) : histograms[span.last]
  if (left === undefined || right === undefined) return undefined
  if (!isCounter && !(left.counterResetHint === 'gauge' && right.counterResetHint === 'gauge')) {
    call.warn(annotationTexts.notGauge(call.metricName()))
  }
  const difference = take(subtractHistograms(right, left), 'subtraction', call)
  if (!isCounter || difference === undefined) return difference
  const correction = correctionOf(histograms, span, left, right, isLeftCut, call)
  return correction === undefined ? difference : take(addHistograms(difference, correction), 'addition', call)
}

function areUsable(histograms: readonly Histogram[], isCounter: boolean, call: RangeCall): boolean {
  const isCustom = hasCustomBuckets(histograms[0] as Histogram)
  for (const histogram of histograms) {
    if (hasCustomBuckets(histogram) !== isCustom) {
      call.warn(annotationTexts.mixedSchemas(call.metricName()))
      return false
    }
    if (isCounter && histogram.counterResetHint === 'gauge') call.warn(annotationTexts.notCounter(call.metricName()))
  }
  return true
}

function between(
  { histograms, histogramTimes }: MixedWindow,
  index: number,
  at: number,
  isCounter: boolean,
  call: RangeCall,
): Histogram | undefined {
  const [left, right] = [histograms[index], histograms[index + 1]] as [Histogram, Histogram]
  return interpolateHistograms(left, histogramTimes[index]!, right, histogramTimes[index + 1]!, at, isCounter, call)
}

/**
 * The histogram at a time between two. A counter that was reset there counts from zero. Undefined with a warning when
 * the two do not fit together.
 */
export function interpolateHistograms(
  left: Histogram,
  leftAt: number,
  right: Histogram,
  rightAt: number,
  at: number,
  isCounter: boolean,
  call: RangeCall,
): Histogram | undefined {
  if (hasCustomBuckets(left) !== hasCustomBuckets(right)) {
    call.warn(annotationTexts.mixedSchemas(call.metricName()))
    return undefined
  }
  if (at === leftAt) return left
  if (at === rightAt) return right
  const fraction = (at - leftAt) / (rightAt - leftAt)
  if (isCounter && isReset(right, left)) return scaleHistogram(right, fraction)
  const difference = take(subtractHistograms(right, left), 'subtraction', call)
  if (difference === undefined) return undefined
  return take(addHistograms(scaleHistogram(difference, fraction), left), 'addition', call)
}

/** What was counted before the resets within the span; undefined when there were none. */
function correctionOf(
  histograms: readonly Histogram[],
  { first, last }: Span,
  left: Histogram,
  right: Histogram,
  isLeftCut: boolean,
  call: RangeCall,
): Histogram | undefined {
  let from = first + 1
  let before = left
  const second = histograms[first + 1]
  if (isLeftCut && second !== undefined && isReset(second, histograms[first] as Histogram)) {
    // The left bound lies after that reset already.
    before = second
    from++
  }
  // The last one is the right bound.
  if (from > last) return undefined
  let correction: Histogram | undefined
  const add = (histogram: Histogram) => {
    correction = correction === undefined ? histogram : take(addHistograms(correction, histogram), 'addition', call)
  }
  for (let index = from; index < last; index++) {
    const histogram = histograms[index] as Histogram
    if (isReset(histogram, before)) add(before)
    before = histogram
  }
  if (isReset(right, before)) add(before)
  return correction
}

/** changes and resets of anchored windows with histograms: what stands before the anchor is left out. */
export function anchoredMixed(call: RangeCall, transitions: MixedFunction): MixedFunction {
  return (window, into) => {
    const start = call.ends[window.step]! - call.range
    const { floatLow, floatHigh, histogramLow, histogramHigh, floatTimes, histogramTimes } = window
    const floatInside = firstAfter(floatTimes, start, floatLow, floatHigh)
    const histogramInside = firstAfter(histogramTimes, start, histogramLow, histogramHigh)
    if (floatInside === floatHigh && histogramInside === histogramHigh) return
    const floatAnchor = floatInside > floatLow ? floatTimes[floatInside - 1]! : -Infinity
    const histogramAnchor = histogramInside > histogramLow ? histogramTimes[histogramInside - 1]! : -Infinity
    const isFloatAnchor = floatAnchor > -Infinity && floatAnchor >= histogramAnchor
    const isHistogramAnchor = histogramAnchor > -Infinity && !isFloatAnchor
    transitions(
      {
        ...window,
        floatLow: isFloatAnchor ? floatInside - 1 : floatInside,
        histogramLow: isHistogramAnchor ? histogramInside - 1 : histogramInside,
      },
      into,
    )
  }
}
