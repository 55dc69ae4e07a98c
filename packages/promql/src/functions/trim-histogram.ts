// `histogram </ x` and `histogram >/ x`: a native histogram of the observations below or above x, as far as its
// buckets tell. A bucket that x divides is split, evenly for custom buckets and the zero bucket, on the logarithm for
// exponential ones. Once anything went, the sum is that of the middles of what is left.
// Prometheus: promql/engine.go trimHistogram; its test data say what becomes of buckets without an end.

import { bucketIndexes, compactHistogram, customBound, exponentialBound, type Histogram, hasCustomBuckets, type Span } from '@promlet/model'

interface Bounds {
  readonly lower: number
  readonly upper: number
}

/** How observations are spread within a bucket. */
type Spread = 'even' | 'positive' | 'negative'

/** What is left of a bucket, and the middle of it. */
interface Rest {
  readonly count: number
  readonly middle: number
}

const NOTHING: Rest = { count: 0, middle: 0 }

/** Keeps the observations below (`isUpper`) or above `limit`. */
export function trimHistogram(histogram: Histogram, limit: number, isUpper: boolean): Histogram {
  const trim = new Trim(limit, isUpper)
  const positiveBuckets = histogram.positiveBuckets.slice()
  const negativeBuckets = histogram.negativeBuckets.slice()
  trimSide(trim, histogram, histogram.positiveSpans, positiveBuckets, hasCustomBuckets(histogram) ? 'even' : 'positive')
  trimSide(trim, histogram, histogram.negativeSpans, negativeBuckets, 'negative')
  const zeroCount = histogram.zeroCount > 0 ? trim.zeroBucket(zeroBounds(histogram), histogram.zeroCount) : histogram.zeroCount
  if (!trim.hasRemoved) return histogram
  return compactHistogram({ ...histogram, positiveBuckets, negativeBuckets, zeroCount, count: trim.count, sum: trim.sum, float: true })
}

function trimSide(trim: Trim, histogram: Histogram, spans: readonly Span[], counts: Float64Array, spread: Spread): void {
  for (const [slot, index] of bucketIndexes(spans).entries()) {
    const count = counts[slot]!
    if (count !== 0) counts[slot] = trim.bucket(boundsOf(histogram, index, spread), count, spread)
  }
}

function boundsOf(histogram: Histogram, index: number, spread: Spread): Bounds {
  const { customValues = new Float64Array(), schema } = histogram
  if (spread === 'even') return { lower: customBound(customValues, index - 1), upper: customBound(customValues, index) }
  const near = exponentialBound(schema, index - 1)
  const far = exponentialBound(schema, index)
  return spread === 'positive' ? { lower: near, upper: far } : { lower: -far, upper: -near }
}

/** The zero bucket reaches only to the side that the histogram has other buckets on. */
function zeroBounds({ zeroThreshold, positiveBuckets, negativeBuckets }: Histogram): Bounds {
  const hasPositive = positiveBuckets.some((count) => count !== 0)
  const hasNegative = negativeBuckets.some((count) => count !== 0)
  return { lower: hasPositive && !hasNegative ? 0 : -zeroThreshold, upper: hasNegative && !hasPositive ? 0 : zeroThreshold }
}

/** Trims bucket after bucket, and adds up what is left. */
class Trim {
  count = 0
  sum = 0
  hasRemoved = false
  readonly #limit: number
  readonly #isUpper: boolean

  constructor(limit: number, isUpper: boolean) {
    this.#limit = limit
    this.#isUpper = isUpper
  }

  /** Gives the count that is left of a bucket that is not empty. */
  bucket(bounds: Bounds, count: number, spread: Spread): number {
    // No bucket is on any side of NaN.
    return this.#keep(count, Number.isNaN(this.#limit) ? NOTHING : this.#rest(bounds, count, spread))
  }

  /** The same for the zero bucket, of which NaN leaves nobody knows what. */
  zeroBucket(bounds: Bounds, count: number): number {
    return this.#keep(count, this.#rest(bounds, count, 'even'))
  }

  #keep(count: number, rest: Rest): number {
    if (rest.count !== count) this.hasRemoved = true
    if (rest.count !== 0) {
      this.count += rest.count
      this.sum += rest.count * rest.middle
    }
    return rest.count
  }

  #rest(bounds: Bounds, count: number, spread: Spread): Rest {
    if (bounds.lower === -Infinity) return this.#withoutLower(bounds, count)
    if (bounds.upper === Infinity) return this.#withoutUpper(bounds, count)
    const { lower, upper } = bounds
    if (this.#isUpper ? this.#limit <= lower : this.#limit >= upper) return NOTHING
    if (this.#isUpper ? this.#limit >= upper : this.#limit <= lower) {
      return { count, middle: middleOf(lower, upper, spread) }
    }
    const below = shareBelow(this.#limit, bounds, spread)
    if (this.#isUpper) return { count: count * below, middle: middleOf(lower, this.#limit, spread) }
    return { count: count - count * below, middle: middleOf(this.#limit, upper, spread) }
  }

  /** A first custom bucket that ends above zero is taken to begin there; otherwise all that is known of it is its end. */
  #withoutLower({ upper }: Bounds, count: number): Rest {
    const limit = this.#limit
    const whole = { count, middle: upper > 0 && upper !== Infinity ? upper / 2 : upper }
    if (this.#isUpper) {
      if (limit >= upper) return whole
      if (upper <= 0) return limit === -Infinity ? NOTHING : { count, middle: limit }
      return limit > 0 && upper !== Infinity ? { count: (count * limit) / upper, middle: limit / 2 } : NOTHING
    }
    if (limit === -Infinity) return whole
    if (limit < 0 || limit >= upper || upper === Infinity) return NOTHING
    return { count: count * (1 - limit / upper), middle: (limit + upper) / 2 }
  }

  /** Of the last custom bucket only its start is known: nothing of it is surely below, all of it may be above. */
  #withoutUpper({ lower }: Bounds, count: number): Rest {
    const limit = this.#limit
    if (this.#isUpper) return limit === Infinity ? { count, middle: lower } : NOTHING
    return limit === Infinity ? NOTHING : { count, middle: Math.max(lower, limit) }
  }
}

function middleOf(lower: number, upper: number, spread: Spread): number {
  if (spread === 'even') return (lower + upper) / 2
  const middle = Math.sqrt(Math.abs(lower) * Math.abs(upper))
  return spread === 'positive' ? middle : -middle
}

function shareBelow(limit: number, { lower, upper }: Bounds, spread: Spread): number {
  if (spread === 'even') return (limit - lower) / (upper - lower)
  const logLower = Math.log2(Math.abs(lower))
  const logUpper = Math.log2(Math.abs(upper))
  const log = Math.log2(Math.abs(limit))
  return spread === 'positive' ? (log - logLower) / (logUpper - logLower) : 1 - (log - logUpper) / (logLower - logUpper)
}
