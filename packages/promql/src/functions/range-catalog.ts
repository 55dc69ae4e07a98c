import {
  avgOverTime,
  changes,
  countOverTime,
  firstOverTime,
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
import type { FloatFunction, RangeFunction } from './range-function.ts'
import { extrapolated, lastDifference } from './rate.ts'
import { deriv, doubleExponentialSmoothing, predictLinear } from './regression.ts'

/** A function without arguments other than its range, that looks at floats only. */
const floatsOnly = (floats: FloatFunction): RangeFunction => ({ floats: () => floats, mixed: 'floats-only' })

/** All functions of range vectors. */
export const rangeFunctions: ReadonlyMap<string, RangeFunction> = new Map<string, RangeFunction>([
  ['rate', { floats: (call) => extrapolated(call, true, true), mixed: 'floats-only' }],
  ['increase', { floats: (call) => extrapolated(call, true, false), mixed: 'floats-only' }],
  ['delta', { floats: (call) => extrapolated(call, false, false), mixed: 'floats-only' }],
  ['irate', { floats: () => lastDifference(true), mixed: 'floats-only' }],
  ['idelta', { floats: () => lastDifference(false), mixed: 'floats-only' }],
  ['changes', { floats: () => changes, mixed: 'floats-only' }],
  ['resets', { floats: () => resets, mixed: 'floats-only' }],
  ['sum_over_time', { floats: () => sumOverTime, mixed: 'floats-only' }],
  ['avg_over_time', { floats: () => avgOverTime, mixed: 'floats-only' }],
  ['count_over_time', { floats: () => countOverTime, mixed: 'floats-only' }],
  ['present_over_time', { floats: () => presentOverTime, mixed: 'floats-only' }],
  ['absent_over_time', { floats: () => presentOverTime, mixed: 'floats-only' }],
  ['first_over_time', { floats: () => firstOverTime, mixed: 'floats-only', keepsName: true }],
  ['last_over_time', { floats: () => lastOverTime, mixed: 'floats-only', keepsName: true }],
  ['ts_of_first_over_time', { floats: () => tsOfFirstOverTime, mixed: 'floats-only' }],
  ['ts_of_last_over_time', { floats: () => tsOfLastOverTime, mixed: 'floats-only' }],
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
