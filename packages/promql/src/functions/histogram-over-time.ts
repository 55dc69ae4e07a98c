// The *_over_time functions and their kin, for windows with native histograms.

import { compactHistogram, equalHistograms, type Histogram, isReset } from '@promlet/model'
import { annotationTexts } from '../annotations.ts'
import { type Column, putFloat, putHistogram } from '../columns/column.ts'
import { HistogramTotal } from './histogram-total.ts'
import { isChange, isFall } from './over-time.ts'
import type { MixedFunction, MixedWindow, RangeCall } from './range-function.ts'
import { isStartReset } from './start-times.ts'

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
  putTransitions(window, isFall, (before, now) => isReset(now, before), into, isStartResetIn(window))
}

export const changesOfBoth: MixedFunction = (window, into) => {
  putTransitions(window, isChange, (before, now) => !equalHistograms(now, before), into)
}

/** True when the start timestamp of a sample says that its counter is a new one. */
function isStartResetIn({ floatStarts, floatTimes, histogramStarts, histogramTimes }: MixedWindow): StartReset {
  return (before, now) => {
    if (before.isFloat !== now.isFloat) return false
    const starts = now.isFloat ? floatStarts : histogramStarts
    return starts !== undefined && isStartReset(starts, now.isFloat ? floatTimes : histogramTimes, now.index, before.index)
  }
}

/** A sample of one of the two lists of a window. */
interface Place {
  readonly isFloat: boolean
  readonly index: number
}

type StartReset = (before: Place, now: Place) => boolean

function putTransitions(
  window: MixedWindow,
  ofFloats: (before: number, now: number) => boolean,
  ofHistograms: (before: Histogram, now: Histogram) => boolean,
  into: Column,
  isStartReset: StartReset = () => false,
): void {
  const { floats, histograms } = window
  let count = 0
  let before: Place | undefined
  for (const now of inOrder(window)) {
    if (before !== undefined) {
      const isSame = before.isFloat === now.isFloat
      const isTransition = now.isFloat
        ? isSame && ofFloats(floats[before.index]!, floats[now.index]!)
        : isSame && ofHistograms(histograms[before.index] as Histogram, histograms[now.index] as Histogram)
      if (!isSame || isTransition || isStartReset(before, now)) count++
    }
    before = now
  }
  putFloat(into, window.step, count)
}

/** The samples of a window in order of time. */
function* inOrder(window: MixedWindow): Iterable<Place> {
  let float = window.floatLow
  let histogram = window.histogramLow
  while (float < window.floatHigh || histogram < window.histogramHigh) {
    const isFloat =
      histogram === window.histogramHigh || (float < window.floatHigh && window.floatTimes[float]! < window.histogramTimes[histogram]!)
    yield { isFloat, index: isFloat ? float++ : histogram++ }
  }
}
