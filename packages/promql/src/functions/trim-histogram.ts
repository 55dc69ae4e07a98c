// `histogram </ x` and `histogram >/ x`: a native histogram of the observations below or above x, as far as its
// buckets tell. A bucket that x divides is split, evenly for custom buckets and the zero bucket, on the logarithm for
// exponential ones; the sum loses what the removed observations are guessed to have had.
// Prometheus: promql/engine.go trimHistogram.

import { bucketIndexes, compactHistogram, customBound, exponentialBound, type Histogram, hasCustomBuckets, type Span } from '@promlet/model'

interface Bounds {
  readonly lower: number
  readonly upper: number
}

/** Which side of zero a bucket is on, and how it is divided. */
type Shape = 'custom' | 'positive' | 'negative'

/** What is kept of a histogram: counts by slot, and what went. */
interface Trimmed {
  readonly counts: Float64Array
  readonly kept: number
  readonly removedSum: number
  readonly hasPositive: boolean
  readonly hasNegative: boolean
}

/** Keeps the observations below (`isUpper`) or above `limit`. */
export function trimHistogram(histogram: Histogram, limit: number, isUpper: boolean): Histogram {
  const isCustom = hasCustomBuckets(histogram)
  const positive = trimSide(histogram, histogram.positiveSpans, histogram.positiveBuckets, isCustom ? 'custom' : 'positive', limit, isUpper)
  const negative = trimSide(histogram, histogram.negativeSpans, histogram.negativeBuckets, 'negative', limit, isUpper)
  const zeroCount = trimZero(histogram, limit, isUpper)
  const count = positive.kept + negative.kept + zeroCount
  const hasPositive = positive.hasPositive || negative.hasPositive
  const hasNegative = positive.hasNegative || negative.hasNegative
  return compactHistogram({
    ...histogram,
    positiveBuckets: positive.counts,
    negativeBuckets: negative.counts,
    zeroCount,
    count,
    sum: count === 0 ? 0 : clampSum(histogram.sum - positive.removedSum - negative.removedSum, hasPositive, hasNegative),
    float: true,
  })
}

/** A sum cannot be negative when no observation was, nor positive. */
function clampSum(sum: number, hasPositive: boolean, hasNegative: boolean): number {
  return (!hasNegative && sum < 0) || (!hasPositive && sum > 0) ? 0 : sum
}

function trimSide(
  histogram: Histogram,
  spans: readonly Span[],
  source: Float64Array,
  shape: Shape,
  limit: number,
  isUpper: boolean,
): Trimmed {
  const counts = source.slice()
  let kept = 0
  let removedSum = 0
  let hasPositive = false
  let hasNegative = false
  for (const [slot, index] of bucketIndexes(spans).entries()) {
    const count = source[slot]!
    if (count === 0) continue
    const bounds = boundsOf(histogram, index, shape)
    hasPositive ||= shape === 'custom' ? bounds.upper > 0 : shape === 'positive'
    hasNegative ||= shape === 'custom' ? bounds.upper <= 0 || bounds.lower < 0 : shape === 'negative'
    const part = splitBucket(bounds, count, shape, limit, isUpper)
    counts[slot] = part.kept
    kept += part.kept
    if (part.kept !== count) removedSum += (count - part.kept) * part.middle
  }
  return { counts, kept, removedSum, hasPositive, hasNegative }
}

function boundsOf(histogram: Histogram, index: number, shape: Shape): Bounds {
  const { customValues = new Float64Array(), schema } = histogram
  if (shape === 'custom') return { lower: customBound(customValues, index - 1), upper: customBound(customValues, index) }
  const near = exponentialBound(schema, index - 1)
  const far = exponentialBound(schema, index)
  return shape === 'positive' ? { lower: near, upper: far } : { lower: -far, upper: -near }
}

/** How much of a bucket stays, and where the rest is guessed to have been. */
function splitBucket(bounds: Bounds, count: number, shape: Shape, limit: number, isUpper: boolean): { kept: number; middle: number } {
  const { lower, upper } = bounds
  const isKept = isUpper ? upper <= limit : lower >= limit
  if (isKept) return { kept: count, middle: 0 }
  const isSplit = isUpper ? lower < limit : upper > limit
  if (lower === -Infinity || upper === Infinity) {
    const part = splitInfinite(bounds, count, limit, isUpper)
    return isSplit ? part : { kept: 0, middle: part.middle }
  }
  if (!isSplit) return { kept: 0, middle: shape === 'custom' ? (lower + upper) / 2 : Math.sqrt(lower * upper) }
  const below = countBelow(bounds, count, shape, limit)
  const product = isUpper ? Math.abs(lower) * Math.abs(limit) : Math.abs(limit) * Math.abs(upper)
  const root = shape === 'negative' ? -Math.sqrt(product) : Math.sqrt(product)
  return { kept: isUpper ? below : count - below, middle: shape === 'custom' ? (lower + upper) / 2 : root }
}

/** Only custom buckets are infinite. A first bucket that ends above zero is taken to begin there; else all of it goes. */
function splitInfinite({ lower, upper }: Bounds, count: number, limit: number, isUpper: boolean): { kept: number; middle: number } {
  if (lower !== -Infinity) return { kept: 0, middle: lower }
  if (limit >= 0 && upper > limit && upper !== Infinity) {
    if (isUpper) return { kept: (count * limit) / upper, middle: (limit + upper) / 2 }
    return { kept: count * (1 - limit / upper), middle: limit / 2 }
  }
  return { kept: 0, middle: upper }
}

function countBelow({ lower, upper }: Bounds, count: number, shape: Shape | 'zero', limit: number): number {
  if (limit <= lower) return 0
  if (limit >= upper) return count
  if (shape === 'custom' || shape === 'zero') return (count * (limit - lower)) / (upper - lower)
  const logLower = Math.log2(Math.abs(lower))
  const logUpper = Math.log2(Math.abs(upper))
  const log = Math.log2(Math.abs(limit))
  const fraction = shape === 'positive' ? (log - logLower) / (logUpper - logLower) : 1 - (log - logUpper) / (logLower - logUpper)
  return count * fraction
}

function trimZero({ zeroCount, zeroThreshold }: Histogram, limit: number, isUpper: boolean): number {
  if (!(zeroCount > 0)) return zeroCount
  const below = countBelow({ lower: -zeroThreshold, upper: zeroThreshold }, zeroCount, 'zero', limit)
  return isUpper ? below : zeroCount - below
}
