// Sums, differences and multiples of native histograms (Prometheus: model/histogram/float_histogram.go). Two
// exponential histograms meet at the lower resolution and at a zero bucket wide enough for both; two with custom
// buckets meet at the bounds that they share.

import type { CounterResetHint, Histogram, Span } from './histogram.ts'
import { bucketIndexes, exponentialBound, hasCustomBuckets, spansOf } from './histogram-buckets.ts'

/** A sum or difference, and what had to be bent for it. */
export interface HistogramSum {
  readonly histogram: Histogram
  /** One side knew of a reset, the other of none. */
  readonly isResetCollision: boolean
  /** The custom bounds differed; the result has those that both share. */
  readonly areBoundsReconciled: boolean
}

/** Undefined when one has custom buckets and the other has not: these do not add. */
export function addHistograms(left: Histogram, right: Histogram): HistogramSum | undefined {
  return combine(left, right, 1)
}

/**
 * As `addHistograms`. The reset hint is that of a sum; what the `-` operator gives is a gauge, which its caller says.
 */
export function subtractHistograms(left: Histogram, right: Histogram): HistogramSum | undefined {
  return combine(left, right, -1)
}

/** All counts and the sum, times `factor`. With a negative factor the result is a gauge. */
export function scaleHistogram(histogram: Histogram, factor: number): Histogram {
  return {
    ...histogram,
    zeroCount: histogram.zeroCount * factor,
    count: histogram.count * factor,
    sum: histogram.sum * factor,
    positiveBuckets: histogram.positiveBuckets.map((count) => count * factor),
    negativeBuckets: histogram.negativeBuckets.map((count) => count * factor),
    counterResetHint: factor < 0 ? 'gauge' : histogram.counterResetHint,
    float: true,
  }
}

/** As `scaleHistogram` by a quotient; by zero no buckets are left. */
export function divideHistogram(histogram: Histogram, divisor: number): Histogram {
  const isZero = divisor === 0
  return {
    ...histogram,
    zeroCount: histogram.zeroCount / divisor,
    count: histogram.count / divisor,
    sum: histogram.sum / divisor,
    positiveSpans: isZero ? [] : histogram.positiveSpans,
    positiveBuckets: isZero ? new Float64Array() : histogram.positiveBuckets.map((count) => count / divisor),
    negativeSpans: isZero ? [] : histogram.negativeSpans,
    negativeBuckets: isZero ? new Float64Array() : histogram.negativeBuckets.map((count) => count / divisor),
    counterResetHint: divisor < 0 ? 'gauge' : histogram.counterResetHint,
    float: true,
  }
}

/** The histogram at a lower resolution. `schema` is at most the histogram's own, and both are exponential. */
export function reduceResolution(histogram: Histogram, schema: number): Histogram {
  if (schema === histogram.schema) return histogram
  const positive = coarser(sideOf(histogram.positiveSpans, histogram.positiveBuckets), histogram.schema - schema)
  const negative = coarser(sideOf(histogram.negativeSpans, histogram.negativeBuckets), histogram.schema - schema)
  return withSides({ ...histogram, schema }, positive, negative)
}

/** The same histogram without empty buckets, in the fewest spans. */
export function compactHistogram(histogram: Histogram): Histogram {
  const positive = populated(sideOf(histogram.positiveSpans, histogram.positiveBuckets))
  const negative = populated(sideOf(histogram.negativeSpans, histogram.negativeBuckets))
  return withSides(histogram, positive, negative)
}

/** The buckets on one side of zero: their indexes, which increase, and their counts. */
interface Side {
  readonly indexes: ArrayLike<number>
  readonly counts: ArrayLike<number>
}

function sideOf(spans: readonly Span[], counts: Float64Array): Side {
  return { indexes: bucketIndexes(spans), counts }
}

function withSides(histogram: Histogram, positive: Side, negative: Side): Histogram {
  return {
    ...histogram,
    positiveSpans: spansOf(positive.indexes),
    positiveBuckets: Float64Array.from(positive.counts),
    negativeSpans: spansOf(negative.indexes),
    negativeBuckets: Float64Array.from(negative.counts),
  }
}

function filterSide({ indexes, counts }: Side, keep: (index: number, count: number) => boolean): Side {
  const kept: { indexes: number[]; counts: number[] } = { indexes: [], counts: [] }
  for (let slot = 0; slot < indexes.length; slot++) {
    const index = indexes[slot] as number
    const count = counts[slot] as number
    if (!keep(index, count)) continue
    kept.indexes.push(index)
    kept.counts.push(count)
  }
  return kept
}

function populated(side: Side): Side {
  return filterSide(side, (_, count) => count !== 0)
}

/** Merges buckets to a schema that is lower by `steps`. */
function coarser({ indexes, counts }: Side, steps: number): Side {
  const merged: { indexes: number[]; counts: number[] } = { indexes: [], counts: [] }
  for (let slot = 0; slot < indexes.length; slot++) {
    const index = (((indexes[slot] as number) - 1) >> steps) + 1
    const last = merged.indexes.length - 1
    if (merged.indexes[last] === index) merged.counts[last] = (merged.counts[last] as number) + (counts[slot] as number)
    else {
      merged.indexes.push(index)
      merged.counts.push(counts[slot] as number)
    }
  }
  return merged
}

/** left + factor · right, bucket by bucket. */
function addSides(left: Side, right: Side, factor: number): Side {
  const indexes: number[] = []
  const counts: number[] = []
  let a = 0
  let b = 0
  while (a < left.indexes.length || b < right.indexes.length) {
    const indexA = a < left.indexes.length ? (left.indexes[a] as number) : Infinity
    const indexB = b < right.indexes.length ? (right.indexes[b] as number) : Infinity
    let count = 0
    if (indexA <= indexB) count += left.counts[a++] as number
    if (indexB <= indexA) count += factor * (right.counts[b++] as number)
    indexes.push(Math.min(indexA, indexB))
    counts.push(count)
  }
  return { indexes, counts }
}

function combine(left: Histogram, right: Histogram, factor: 1 | -1): HistogramSum | undefined {
  if (hasCustomBuckets(left) !== hasCustomBuckets(right)) return undefined
  const { hint, isResetCollision } = combineHints(left.counterResetHint, right.counterResetHint)
  const total = {
    ...left,
    count: left.count + factor * right.count,
    sum: left.sum + factor * right.sum,
    counterResetHint: hint,
    float: true,
  }
  if (hasCustomBuckets(left)) return { isResetCollision, ...combineCustom(total, left, right, factor) }
  return { isResetCollision, areBoundsReconciled: false, histogram: combineExponential(total, left, right, factor) }
}

function combineHints(left: CounterResetHint, right: CounterResetHint): { hint: CounterResetHint; isResetCollision: boolean } {
  if (left === right) return { hint: left, isResetCollision: false }
  if (left === 'gauge' || right === 'gauge') return { hint: 'gauge', isResetCollision: false }
  return { hint: 'unknown', isResetCollision: left !== 'unknown' && right !== 'unknown' }
}

function combineExponential(total: Histogram, left: Histogram, right: Histogram, factor: 1 | -1): Histogram {
  const threshold = commonZeroThreshold(left, right)
  const zeroCount = zeroCountAt(left, threshold).count + factor * zeroCountAt(right, threshold).count
  const schema = Math.min(left.schema, right.schema)
  const a = reduceResolution(withoutZeroBucket(left, threshold), schema)
  const b = reduceResolution(withoutZeroBucket(right, threshold), schema)
  const positive = addSides(sideOf(a.positiveSpans, a.positiveBuckets), sideOf(b.positiveSpans, b.positiveBuckets), factor)
  const negative = addSides(sideOf(a.negativeSpans, a.negativeBuckets), sideOf(b.negativeSpans, b.negativeBuckets), factor)
  return withSides({ ...total, schema, zeroThreshold: threshold, zeroCount }, positive, negative)
}

/** Without the buckets that a zero bucket of this threshold, which `zeroCountAt` gave, takes in. */
export function withoutZeroBucket(histogram: Histogram, threshold: number): Histogram {
  if (threshold === histogram.zeroThreshold) return histogram
  const isOutside = (index: number) => exponentialBound(histogram.schema, index - 1) >= threshold
  const positive = filterSide(sideOf(histogram.positiveSpans, histogram.positiveBuckets), isOutside)
  const negative = filterSide(sideOf(histogram.negativeSpans, histogram.negativeBuckets), isOutside)
  return withSides(histogram, positive, negative)
}

/** The smallest threshold that is at least both and lies within no populated bucket of either. */
function commonZeroThreshold(left: Histogram, right: Histogram): number {
  let threshold = Math.max(left.zeroThreshold, right.zeroThreshold)
  for (;;) {
    const widened = zeroCountAt(right, zeroCountAt(left, threshold).threshold).threshold
    if (widened === threshold) return threshold
    threshold = widened
  }
}

/**
 * What the zero bucket would hold with a threshold that is at least its own. Where the threshold lies within a
 * populated bucket, it moves to that bucket's end.
 */
export function zeroCountAt(histogram: Histogram, threshold: number): { readonly count: number; readonly threshold: number } {
  let end = threshold
  for (;;) {
    const positive = takenIn(histogram, histogram.positiveSpans, histogram.positiveBuckets, end)
    const negative = takenIn(histogram, histogram.negativeSpans, histogram.negativeBuckets, positive.end)
    if (negative.end === end) return { count: histogram.zeroCount + positive.count + negative.count, threshold: end }
    end = negative.end
  }
}

function takenIn(histogram: Histogram, spans: readonly Span[], counts: Float64Array, threshold: number): { count: number; end: number } {
  if (threshold === histogram.zeroThreshold) return { count: 0, end: threshold }
  let count = 0
  let end = threshold
  for (const [slot, index] of bucketIndexes(spans).entries()) {
    if (exponentialBound(histogram.schema, index - 1) >= threshold) break
    const inBucket = counts[slot] as number
    count += inBucket
    if (inBucket !== 0) end = Math.max(end, exponentialBound(histogram.schema, index))
  }
  return { count, end }
}

function combineCustom(total: Histogram, left: Histogram, right: Histogram, factor: 1 | -1): Omit<HistogramSum, 'isResetCollision'> {
  const none: Side = { indexes: [], counts: [] }
  const boundsLeft = left.customValues ?? new Float64Array()
  const boundsRight = right.customValues ?? new Float64Array()
  const sideLeft = sideOf(left.positiveSpans, left.positiveBuckets)
  const sideRight = sideOf(right.positiveSpans, right.positiveBuckets)
  if (sameBounds(boundsLeft, boundsRight)) {
    return { areBoundsReconciled: false, histogram: withSides(total, addSides(sideLeft, sideRight, factor), none) }
  }
  const customValues = sharedBounds(boundsLeft, boundsRight)
  const positive = addSides(rebound(sideLeft, boundsLeft, customValues), rebound(sideRight, boundsRight, customValues), factor)
  return { areBoundsReconciled: true, histogram: withSides({ ...total, customValues }, populated(positive), none) }
}

/** True for the same bounds in the same order. */
export function sameBounds(left: Float64Array, right: Float64Array): boolean {
  return left.length === right.length && left.every((bound, index) => bound === right[index])
}

function sharedBounds(left: Float64Array, right: Float64Array): Float64Array {
  const others = new Set(right)
  return left.filter((bound) => others.has(bound))
}

/** Moves each bucket to the first of the remaining bounds that is not below its own. */
function rebound({ indexes, counts }: Side, bounds: Float64Array, target: Float64Array): Side {
  const moved: { indexes: number[]; counts: number[] } = { indexes: [], counts: [] }
  let index = 0
  for (let slot = 0; slot < indexes.length; slot++) {
    const bound = bounds[indexes[slot] as number] ?? Infinity
    while (index < target.length && (target[index] as number) < bound) index++
    const last = moved.indexes.length - 1
    if (moved.indexes[last] === index) moved.counts[last] = (moved.counts[last] as number) + (counts[slot] as number)
    else {
      moved.indexes.push(index)
      moved.counts.push(counts[slot] as number)
    }
  }
  return moved
}
