// Two samples are the same when their bits are: NaN equals itself, the stale marker is not any NaN, and 0 is not -0.

import type { Histogram, Span } from '@promlet/model'

const scratch = new Float64Array(2)
const scratchBits = new BigUint64Array(scratch.buffer)

export function sameBits(left: Float64Array, at: number, right: Float64Array, other: number): boolean {
  const value = left[at] as number
  if (!Object.is(value, right[other])) return false
  if (!Number.isNaN(value)) return true
  scratch.set(left.subarray(at, at + 1))
  scratch.set(right.subarray(other, other + 1), 1)
  return scratchBits[0] === scratchBits[1]
}

export function sameHistogram(left: Histogram, right: Histogram): boolean {
  if (left.stale || right.stale) return left.stale === right.stale
  return (
    left.schema === right.schema &&
    left.float === right.float &&
    left.zeroThreshold === right.zeroThreshold &&
    left.counterResetHint === right.counterResetHint &&
    Object.is(left.zeroCount, right.zeroCount) &&
    Object.is(left.count, right.count) &&
    Object.is(left.sum, right.sum) &&
    sameSpans(left.positiveSpans, right.positiveSpans) &&
    sameSpans(left.negativeSpans, right.negativeSpans) &&
    sameNumbers(left.positiveBuckets, right.positiveBuckets) &&
    sameNumbers(left.negativeBuckets, right.negativeBuckets) &&
    sameNumbers(left.customValues, right.customValues)
  )
}

export function sameSpans(left: readonly Span[], right: readonly Span[]): boolean {
  return left.length === right.length && left.every(({ offset, length }, at) => right[at]?.offset === offset && right[at].length === length)
}

export function sameNumbers(left: Float64Array | undefined, right: Float64Array | undefined): boolean {
  if (left === undefined || right === undefined) return left === right
  return left.length === right.length && left.every((value, at) => Object.is(value, right[at]))
}
