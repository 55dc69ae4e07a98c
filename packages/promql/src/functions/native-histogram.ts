// Quantiles, fractions and moments of native histograms. Within a bucket observations are taken to be spread evenly
// for custom buckets and around zero, evenly on the logarithm elsewhere. Prometheus: promql/quantile.go.

import { allBuckets, type Bucket, type Histogram, hasCustomBuckets } from '@promlet/model'
import { compensate } from './compensated.ts'

/** What a result has to say of observations that were NaN. */
export type NaNRemark = (text: 'result-is-nan' | 'skewed' | 'excluded') => void

/** The q-quantile; -Inf below 0, +Inf above 1. */
export function histogramQuantile(q: number, histogram: Histogram, remark: NaNRemark): number {
  if (q < 0) return -Infinity
  if (q > 1) return Infinity
  if (histogram.count === 0 || Number.isNaN(q)) return Number.NaN
  const hasNaN = Number.isNaN(histogram.sum)
  // NaN observations are in no bucket: then only counting from below finds the rank. Else the nearer end is counted from.
  const isForward = hasNaN || q < 0.5
  const buckets = isForward ? allBuckets(histogram) : allBuckets(histogram).toReversed()
  const rank = isForward ? q * histogram.count : (1 - q) * histogram.count
  let counted = 0
  let found: Bucket | undefined
  for (const bucket of buckets) {
    if (bucket.count === 0) continue
    found = bucket
    counted += bucket.count
    if (counted >= rank) break
  }
  if (found === undefined) return hasNaN ? nanResult(remark) : Number.NaN
  const { lower, upper } = boundsFor(histogram, found)
  if (hasCustomBuckets(histogram)) {
    if (found.lower === -Infinity && found.upper <= 0) return found.upper
    if (found.lower !== -Infinity && found.upper === Infinity) return found.lower
  }
  counted = Math.min(counted, histogram.count)
  if (counted < rank) return hasNaN ? nanResult(remark) : found.upper
  if (hasNaNObservations(histogram)) remark('skewed')
  const within = isForward ? rank - (counted - found.count) : counted - rank
  return interpolate(lower, upper, within / found.count, isLinear(histogram, found))
}

/** A sum that is NaN may come of infinite observations too; those of NaN are counted, but in no bucket. */
function hasNaNObservations(histogram: Histogram): boolean {
  if (!Number.isNaN(histogram.sum)) return false
  return allBuckets(histogram).reduce((total, { count }) => total + count, 0) < histogram.count
}

function nanResult(remark: NaNRemark): number {
  remark('result-is-nan')
  return Number.NaN
}

function isLinear(histogram: Histogram, { lower, upper }: Bucket): boolean {
  return hasCustomBuckets(histogram) || (lower <= 0 && upper >= 0)
}

function interpolate(lower: number, upper: number, fraction: number, isEven: boolean): number {
  if (isEven) return lower + (upper - lower) * fraction
  const logLower = Math.log2(Math.abs(lower))
  const logUpper = Math.log2(Math.abs(upper))
  if (lower > 0) return 2 ** (logLower + (logUpper - logLower) * fraction)
  return -(2 ** (logUpper + (logLower - logUpper) * (1 - fraction)))
}

interface Bounds {
  readonly lower: number
  readonly upper: number
}

/** A zero bucket reaches only to the side that the histogram has other buckets on. */
function boundsFor(histogram: Histogram, bucket: Bucket): Bounds {
  const { lower, upper } = bucket
  if (hasCustomBuckets(histogram)) return { lower: lower === -Infinity && upper > 0 ? 0 : lower, upper }
  return lower < 0 && upper > 0 ? zeroBounds(histogram, bucket) : { lower, upper }
}

function zeroBounds(histogram: Histogram, { lower, upper }: Bounds): Bounds {
  const hasNegative = histogram.negativeBuckets.length > 0
  const hasPositive = histogram.positiveBuckets.length > 0
  if (hasPositive && !hasNegative) return { lower: 0, upper }
  return hasNegative && !hasPositive ? { lower, upper: 0 } : { lower, upper }
}

/** The share of observations between two values. */
export function histogramFraction(lower: number, upper: number, histogram: Histogram, remark: NaNRemark): number {
  if (histogram.count === 0 || Number.isNaN(lower) || Number.isNaN(upper)) return Number.NaN
  if (lower >= upper) return 0
  if (hasNaNObservations(histogram)) remark('excluded')
  return (rankOf(upper, histogram) - rankOf(lower, histogram)) / histogram.count
}

/**
 * How many observations are below a value. Unlike for quantiles, any bucket around zero counts as a zero bucket, custom
 * ones too, and as these have no negative side, they begin at zero.
 */
function rankOf(value: number, histogram: Histogram): number {
  let rank = 0
  for (const bucket of allBuckets(histogram)) {
    const { lower, upper } = bucket.lower <= 0 && bucket.upper >= 0 ? zeroBounds(histogram, bucket) : bucket
    if (lower >= value) return Math.min(rank, histogram.count)
    if (upper > value) {
      // Nothing can be told within a bucket without bounds.
      if (lower === -Infinity) return bucket.count
      return Math.min(rank + bucket.count * shareBelow(value, lower, upper, isLinear(histogram, bucket)), histogram.count)
    }
    rank += bucket.count
  }
  return Number.isNaN(histogram.sum) ? Math.min(rank, histogram.count) : histogram.count
}

function shareBelow(value: number, lower: number, upper: number, isEven: boolean): number {
  if (isEven) return (value - lower) / (upper - lower)
  const logLower = Math.log2(Math.abs(lower))
  const logUpper = Math.log2(Math.abs(upper))
  const log = Math.log2(Math.abs(value))
  if (value > 0) return (log - logLower) / (logUpper - logLower)
  return 1 - (log - logUpper) / (logLower - logUpper)
}

/** The mean squared distance from the mean, each bucket's observations taken to be at its middle. */
export function histogramVariance(histogram: Histogram): number {
  const mean = histogram.sum / histogram.count
  let sum = 0
  let rest = 0
  for (const bucket of allBuckets(histogram)) {
    if (bucket.count === 0) continue
    const delta = middleOf(histogram, bucket) - mean
    const square = bucket.count * delta * delta
    const total = sum + square
    rest = compensate(total, sum, square, rest)
    sum = total
  }
  return (sum + rest) / histogram.count
}

function middleOf(histogram: Histogram, { lower, upper }: Bucket): number {
  if (hasCustomBuckets(histogram)) return (upper + lower) / 2
  if (lower <= 0 && upper >= 0) return 0
  const middle = Math.sqrt(upper * lower)
  return upper < 0 ? -middle : middle
}
