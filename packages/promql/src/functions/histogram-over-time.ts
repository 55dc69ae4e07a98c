// The *_over_time functions and their kin, for windows with native histograms.

import { compactHistogram, equalHistograms, type Histogram, isReset } from '@promlet/model'
import { annotationTexts } from '../annotations.ts'
import { type Column, putFloat, putHistogram } from '../columns/column.ts'
import { HistogramTotal } from './histogram-total.ts'
import { isChange } from './over-time.ts'
import type { MixedFunction, MixedWindow, RangeCall } from './range-function.ts'

export const countBoth: MixedFunction = (window, into) => {
  putFloat(into, window.step, window.floatHigh - window.floatLow + (window.histogramHigh - window.histogramLow))
}

export const presentBoth: MixedFunction = (window, into) => putFloat(into, window.step, 1)

export const firstOfBoth: MixedFunction = (window, into) => putEnd(window, firstFloat(window), firstHistogram(window), true, into)
export const lastOfBoth: MixedFunction = (window, into) => putEnd(window, lastFloat(window), lastHistogram(window), false, into)

export const timeOfFirst: MixedFunction = (window, into) => {
  putFloat(
    into,
    window.step,
    Math.min(timeOr(window.floatTimes, firstFloat(window), Infinity), window.histogramTimes[firstHistogram(window)]!) / 1000,
  )
}

export const timeOfLast: MixedFunction = (window, into) => {
  putFloat(
    into,
    window.step,
    Math.max(timeOr(window.floatTimes, lastFloat(window), -Infinity), window.histogramTimes[lastHistogram(window)]!) / 1000,
  )
}

function timeOr(times: Float64Array, index: number, otherwise: number): number {
  return index < 0 ? otherwise : times[index]!
}

const firstFloat = ({ floatLow, floatHigh }: MixedWindow) => (floatLow < floatHigh ? floatLow : -1)
const lastFloat = ({ floatLow, floatHigh }: MixedWindow) => (floatLow < floatHigh ? floatHigh - 1 : -1)
const firstHistogram = ({ histogramLow }: MixedWindow) => histogramLow
const lastHistogram = ({ histogramHigh }: MixedWindow) => histogramHigh - 1

function putEnd(window: MixedWindow, float: number, histogram: number, isFirst: boolean, into: Column): void {
  const floatAt = float < 0 ? undefined : window.floatTimes[float]!
  const histogramAt = window.histogramTimes[histogram]!
  const isFloat = floatAt !== undefined && (isFirst ? floatAt < histogramAt : floatAt > histogramAt)
  if (isFloat) putFloat(into, window.step, window.floats[float]!)
  else putHistogram(into, window.step, window.histograms[histogram] as Histogram)
}

/** sum_over_time and avg_over_time. Floats and histograms do not add. */
export function totalOverTime(call: RangeCall, isMean: boolean): MixedFunction {
  return (window, into) => {
    if (window.floatLow < window.floatHigh) {
      call.warn(annotationTexts.mixedFloatsHistograms(call.metricName()))
      return
    }
    const total = new HistogramTotal(isMean)
    for (let index = window.histogramLow; index < window.histogramHigh; index++) total.add(window.histograms[index] as Histogram)
    if (total.areSchemasMixed) {
      call.warn(annotationTexts.mixedSchemas(call.metricName()))
      return
    }
    if (total.haveResetsCollided) call.warn(annotationTexts.conflictingResets('aggregation'))
    if (total.areBoundsReconciled) call.info(annotationTexts.reconciledBuckets('aggregation'))
    putHistogram(into, window.step, compactHistogram(total.result()))
  }
}

/** resets: from float to histogram or back is one too. */
export const resetsOfBoth: MixedFunction = (window, into) => {
  putTransitions(window, (before, now) => now < before, isResetBetween, into)
}

export const changesOfBoth: MixedFunction = (window, into) => {
  putTransitions(window, isChange, (before, now) => !equalHistograms(now, before), into)
}

function isResetBetween(before: Histogram, now: Histogram): boolean {
  return isReset(now, before)
}

function putTransitions(
  window: MixedWindow,
  ofFloats: (before: number, now: number) => boolean,
  ofHistograms: (before: Histogram, now: Histogram) => boolean,
  into: Column,
): void {
  let count = 0
  let before: number | Histogram | undefined
  for (const now of inOrder(window)) {
    if (before !== undefined) {
      if (typeof before === 'number' && typeof now === 'number') count += ofFloats(before, now) ? 1 : 0
      else if (typeof before === 'object' && typeof now === 'object') count += ofHistograms(before, now) ? 1 : 0
      else count++
    }
    before = now
  }
  putFloat(into, window.step, count)
}

/** The samples of a window in order of time. */
function* inOrder(window: MixedWindow): Iterable<number | Histogram> {
  let float = window.floatLow
  let histogram = window.histogramLow
  while (float < window.floatHigh || histogram < window.histogramHigh) {
    const isFloat =
      histogram === window.histogramHigh || (float < window.floatHigh && window.floatTimes[float]! < window.histogramTimes[histogram]!)
    yield isFloat ? window.floats[float++]! : (window.histograms[histogram++] as Histogram)
  }
}
