import { anchoredMixed, extendedHistogramRate } from './extended-histogram-rate.ts'
import { anchoredTransitions, extendedRate, type RateKind } from './extended-rate.ts'
import {
  changesOfBoth,
  countBoth,
  firstOfBoth,
  lastOfBoth,
  presentBoth,
  resetsOfBoth,
  timeOfFirst,
  timeOfLast,
  totalOverTime,
} from './histogram-over-time.ts'
import { extrapolatedHistogram, lastHistogramDifference } from './histogram-rate.ts'
import {
  avgOverTime,
  changes,
  countOverTime,
  firstOverTime,
  isChange,
  isFall,
  lastOverTime,
  madOverTime,
  maxOverTime,
  minOverTime,
  presentOverTime,
  quantileOverTime,
  resets,
  stddevOverTime,
  stdvarOverTime,
  sumOverTime,
  tsOfFirstOverTime,
  tsOfLastOverTime,
  tsOfMaxOverTime,
  tsOfMinOverTime,
} from './over-time.ts'
import type { ExtendedFunction, FloatFunction, MixedFunction, RangeFunction } from './range-function.ts'
import { extrapolated, lastDifference } from './rate.ts'
import { deriv, doubleExponentialSmoothing, predictLinear } from './regression.ts'

/** A function without arguments other than its range, that looks at floats only. */
const floatsOnly = (floats: FloatFunction): RangeFunction => ({ floats: () => floats, mixed: 'floats-only' })

/** The same for one that takes histograms too. */
const both = (floats: FloatFunction, mixed: MixedFunction): RangeFunction => ({ floats: () => floats, mixed: () => mixed })

const extrapolating = (isCounter: boolean, isRate: boolean): RangeFunction => ({
  floats: (call) => extrapolated(call, isCounter, isRate),
  mixed: (call) => extrapolatedHistogram(call, isCounter, isRate),
  anchored: extended({ isCounter, isRate, isSmoothed: false }),
  smoothed: extended({ isCounter, isRate, isSmoothed: true }),
})

function extended(kind: RateKind): ExtendedFunction {
  return { floats: (call) => extendedRate(call, kind), mixed: (call) => extendedHistogramRate(call, kind) }
}

const transitions = (floats: FloatFunction, counts: (before: number, now: number) => boolean, mixed: MixedFunction): RangeFunction => ({
  ...both(floats, mixed),
  anchored: { floats: (call) => anchoredTransitions(call, counts), mixed: (call) => anchoredMixed(call, mixed) },
})

const ofLastTwo = (isRate: boolean): RangeFunction => ({
  floats: () => lastDifference(isRate),
  mixed: (call) => lastHistogramDifference(call, isRate),
})

/** All functions of range vectors. */
export const rangeFunctions: ReadonlyMap<string, RangeFunction> = new Map<string, RangeFunction>([
  ['rate', extrapolating(true, true)],
  ['increase', extrapolating(true, false)],
  ['delta', extrapolating(false, false)],
  ['irate', ofLastTwo(true)],
  ['idelta', ofLastTwo(false)],
  ['changes', transitions(changes, isChange, changesOfBoth)],
  ['resets', transitions(resets, isFall, resetsOfBoth)],
  ['sum_over_time', { floats: () => sumOverTime, mixed: (call) => totalOverTime(call, false) }],
  ['avg_over_time', { floats: () => avgOverTime, mixed: (call) => totalOverTime(call, true) }],
  ['count_over_time', both(countOverTime, countBoth)],
  ['present_over_time', both(presentOverTime, presentBoth)],
  ['absent_over_time', both(presentOverTime, presentBoth)],
  ['first_over_time', { ...both(firstOverTime, firstOfBoth), keepsName: true }],
  ['last_over_time', { ...both(lastOverTime, lastOfBoth), keepsName: true }],
  ['ts_of_first_over_time', both(tsOfFirstOverTime, timeOfFirst)],
  ['ts_of_last_over_time', both(tsOfLastOverTime, timeOfLast)],
  ['max_over_time', floatsOnly(maxOverTime)],
  ['min_over_time', floatsOnly(minOverTime)],
  ['ts_of_max_over_time', floatsOnly(tsOfMaxOverTime)],
  ['ts_of_min_over_time', floatsOnly(tsOfMinOverTime)],
  ['stddev_over_time', floatsOnly(stddevOverTime)],
  ['stdvar_over_time', floatsOnly(stdvarOverTime)],
  ['mad_over_time', floatsOnly(madOverTime)],
  ['quantile_over_time', { floats: quantileOverTime, mixed: 'floats-only' }],
  ['deriv', floatsOnly(deriv)],
  ['predict_linear', { floats: predictLinear, mixed: 'floats-only' }],
  ['double_exponential_smoothing', { floats: doubleExponentialSmoothing, mixed: 'floats-only' }],
])

/** The functions that take windows with a modifier, in alphabetic order. */
export function functionsFor(extension: 'anchored' | 'smoothed'): readonly string[] {
  return [...rangeFunctions].flatMap(([name, { [extension]: own }]) => (own === undefined ? [] : [name])).sort()
}
