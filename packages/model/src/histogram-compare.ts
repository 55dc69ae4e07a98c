import type { Histogram, Span } from './histogram.ts'
import { reduceResolution, sameBounds, withoutZeroBucket, zeroCountAt } from './histogram-arithmetic.ts'
import { bucketIndexes, hasCustomBuckets } from './histogram-buckets.ts'

/** True when both describe the same data: same layout and counts, bit by bit. Hints and spelling of spans do not count. */
export function equalHistograms(left: Histogram, right: Histogram): boolean {
  return (
    left.schema === right.schema &&
    left.zeroThreshold === right.zeroThreshold &&
    Object.is(left.zeroCount, right.zeroCount) &&
    Object.is(left.count, right.count) &&
    Object.is(left.sum, right.sum) &&
    sameBounds(left.customValues ?? new Float64Array(), right.customValues ?? new Float64Array()) &&
    sameSide(left.positiveSpans, left.positiveBuckets, right.positiveSpans, right.positiveBuckets) &&
    sameSide(left.negativeSpans, left.negativeBuckets, right.negativeSpans, right.negativeBuckets)
  )
}

function sameSide(spansA: readonly Span[], countsA: Float64Array, spansB: readonly Span[], countsB: Float64Array): boolean {
  if (countsA.length !== countsB.length) return false
  const indexesB = bucketIndexes(spansB)
  return bucketIndexes(spansA).every((index, slot) => index === indexesB[slot] && Object.is(countsA[slot], countsB[slot]))
}

/**
 * True when `current` cannot have grown out of `previous`: a count shrank, a populated bucket is gone, the resolution
 * rose, or the zero bucket narrowed. A hint on `current` decides without looking (Prometheus: DetectReset).
 */
export function isReset(current: Histogram, previous: Histogram): boolean {
  if (current.counterResetHint === 'reset') return true
  if (current.counterResetHint === 'not-reset') return false
  if (current.count < previous.count) return true
  if (hasCustomBuckets(current) !== hasCustomBuckets(previous)) return true
  return hasCustomBuckets(current) ? isCustomReset(current, previous) : isExponentialReset(current, previous)
}

function isExponentialReset(current: Histogram, previous: Histogram): boolean {
  if (current.schema > previous.schema || current.zeroThreshold < previous.zeroThreshold) return true
  const zero = zeroCountAt(previous, current.zeroThreshold)
  if (zero.threshold !== current.zeroThreshold || current.zeroCount < zero.count) return true
  const before = reduceResolution(withoutZeroBucket(previous, current.zeroThreshold), current.schema)
  return (
    hasShrunk(countsByIndex(current.positiveSpans, current.positiveBuckets), before.positiveSpans, before.positiveBuckets) ||
    hasShrunk(countsByIndex(current.negativeSpans, current.negativeBuckets), before.negativeSpans, before.negativeBuckets)
  )
}

function countsByIndex(spans: readonly Span[], counts: Float64Array): ReadonlyMap<number, number> {
  return new Map(Array.from(bucketIndexes(spans), (index, slot) => [index, counts[slot] as number]))
}

function hasShrunk(current: ReadonlyMap<number, number>, spans: readonly Span[], counts: Float64Array): boolean {
  return bucketIndexes(spans).some((index, slot) => (current.get(index) ?? 0) < (counts[slot] as number))
}

function isCustomReset(current: Histogram, previous: Histogram): boolean {
  const boundsNow = current.customValues ?? new Float64Array()
  const boundsThen = previous.customValues ?? new Float64Array()
  const shared = [...boundsNow.filter((bound) => boundsThen.includes(bound)), Infinity]
  const now = countsUpTo(current, boundsNow, shared)
  return countsUpTo(previous, boundsThen, shared).some((count, index) => (now[index] as number) < count)
}

/** The counts between neighbouring bounds of `shared`. */
function countsUpTo(histogram: Histogram, bounds: Float64Array, shared: readonly number[]): readonly number[] {
  const counts = shared.map(() => 0)
  for (const [slot, index] of bucketIndexes(histogram.positiveSpans).entries()) {
    const bound = bounds[index] ?? Infinity
    const target = shared.findIndex((end) => end >= bound)
    counts[target] = (counts[target] as number) + (histogram.positiveBuckets[slot] as number)
  }
  return counts
}
