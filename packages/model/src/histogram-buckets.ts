// Buckets of native histograms by index. Positive bucket i of schema s holds (2^((i-1)·2^-s), 2^(i·2^-s)], the
// negative one its mirror; with custom buckets, bucket i ends at the i-th listed bound and the last at +Inf.

import { CUSTOM_BUCKETS_SCHEMA, type Histogram, type Span } from './histogram.ts'

/** True for histograms whose bounds are listed (NHCB). They have neither a zero bucket nor negative buckets. */
export function hasCustomBuckets(histogram: Histogram): boolean {
  return histogram.schema === CUSTOM_BUCKETS_SCHEMA
}

/** The index of every bucket that spans describe, in order; one per slot of the bucket array. */
export function bucketIndexes(spans: readonly Span[]): Int32Array {
  const length = spans.reduce((sum, span) => sum + span.length, 0)
  const indexes = new Int32Array(length)
  let index = 0
  let slot = 0
  for (const span of spans) {
    index += span.offset
    for (let rest = span.length; rest > 0; rest--) indexes[slot++] = index++
  }
  return indexes
}

/** The fewest spans for buckets at these indexes, which increase. */
export function spansOf(indexes: ArrayLike<number>): Span[] {
  const spans: Span[] = []
  let end = 0
  for (let first = 0; first < indexes.length; ) {
    let last = first + 1
    while (last < indexes.length && indexes[last] === (indexes[last - 1] as number) + 1) last++
    const start = indexes[first] as number
    spans.push({ offset: start - end, length: last - first })
    end = start + last - first
    first = last
  }
  return spans
}

/** The end of a positive exponential bucket that lies further from zero. */
export function exponentialBound(schema: number, index: number): number {
  if (schema < 0) return boundOrMax(2 ** (index * 2 ** -schema))
  const parts = 2 ** schema
  const power = Math.floor(index / parts)
  const rest = index - power * parts
  return boundOrMax(2 ** (rest / parts) * 2 ** power)
}

/** The bucket that ends the range of floats holds the largest float too. */
function boundOrMax(bound: number): number {
  return bound === Infinity ? Number.MAX_VALUE : bound
}

/** The end of a custom bucket: -Inf below the first, +Inf for the last. */
export function customBound(bounds: Float64Array, index: number): number {
  if (index < 0) return -Infinity
  return index < bounds.length ? (bounds[index] as number) : Infinity
}

/** One bucket with its ends. */
export interface Bucket {
  readonly lower: number
  readonly upper: number
  readonly lowerInclusive: boolean
  readonly upperInclusive: boolean
  readonly count: number
}

/**
 * All buckets of a histogram from the lowest to the highest, the zero bucket among them when it is populated.
 * Where the buckets next to it reach into the zero bucket, they are cut at its threshold.
 */
export function allBuckets(histogram: Histogram): readonly Bucket[] {
  if (hasCustomBuckets(histogram)) return customBuckets(histogram)
  const { schema, zeroThreshold, zeroCount } = histogram
  const buckets: Bucket[] = []
  const negative = bucketIndexes(histogram.negativeSpans)
  for (let slot = negative.length - 1; slot >= 0; slot--) {
    const index = negative[slot] as number
    const upper = Math.min(-exponentialBound(schema, index - 1), -zeroThreshold)
    const count = histogram.negativeBuckets[slot] as number
    buckets.push({ lower: -exponentialBound(schema, index), upper, lowerInclusive: true, upperInclusive: false, count })
  }
  if (zeroCount !== 0) {
    buckets.push({ lower: -zeroThreshold, upper: zeroThreshold, lowerInclusive: true, upperInclusive: true, count: zeroCount })
  }
  const positive = bucketIndexes(histogram.positiveSpans)
  for (let slot = 0; slot < positive.length; slot++) {
    const index = positive[slot] as number
    const lower = Math.max(exponentialBound(schema, index - 1), zeroThreshold)
    const count = histogram.positiveBuckets[slot] as number
    buckets.push({ lower, upper: exponentialBound(schema, index), lowerInclusive: false, upperInclusive: true, count })
  }
  return buckets
}

function customBuckets(histogram: Histogram): readonly Bucket[] {
  const bounds = histogram.customValues ?? new Float64Array()
  const buckets: Bucket[] = []
  for (const [slot, index] of bucketIndexes(histogram.positiveSpans).entries()) {
    const lower = customBound(bounds, index - 1)
    const count = histogram.positiveBuckets[slot] as number
    // The first bucket begins at -Inf and has it.
    buckets.push({ lower, upper: customBound(bounds, index), lowerInclusive: lower === -Infinity, upperInclusive: true, count })
  }
  return buckets
}
