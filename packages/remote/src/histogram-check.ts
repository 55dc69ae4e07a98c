// What makes a native histogram consistent, in the words of Prometheus: model/histogram (Validate of Histogram and
// FloatHistogram).

import { CUSTOM_BUCKETS_SCHEMA, type Histogram, type Span } from '@promlet/model'

/** Says what is wrong with a histogram; undefined when it is consistent. */
export function checkHistogram(histogram: Histogram): string | undefined {
  if (histogram.stale) return undefined
  const { schema, customValues, positiveSpans, positiveBuckets, negativeSpans, negativeBuckets } = histogram
  if (schema === CUSTOM_BUCKETS_SCHEMA) {
    const problem = checkCustom(histogram)
    if (problem !== undefined) return problem
  } else {
    if (schema < -4 || schema > 8) return `histogram has an invalid schema: ${schema}`
    if (customValues !== undefined && customValues.length > 0) return 'histogram with exponential schema must not have custom bounds'
  }
  return (
    prefixed('positive side', checkSpans(positiveSpans, positiveBuckets.length)) ??
    prefixed('negative side', checkSpans(negativeSpans, negativeBuckets.length)) ??
    prefixed('negative side', checkBuckets(negativeBuckets)) ??
    prefixed('positive side', checkBuckets(positiveBuckets)) ??
    checkCount(histogram)
  )
}

function checkCustom({
  customValues = new Float64Array(0),
  positiveSpans,
  zeroCount,
  zeroThreshold,
  negativeSpans,
  negativeBuckets,
}: Histogram): string | undefined {
  for (let index = 0; index < customValues.length; index++) {
    const bound = customValues[index] as number
    const before = index === 0 ? -Infinity : (customValues[index - 1] as number)
    if (!(bound > before)) {
      return `custom buckets: previous bound is ${before.toFixed(6)} and current is ${bound.toFixed(6)}: histogram custom bounds must be in strictly increasing order`
    }
    if (bound === Infinity) return 'custom buckets: last +Inf bound must not be explicitly defined: histogram custom bounds must be finite'
  }
  const covered = positiveSpans.reduce((sum, { offset, length }) => sum + offset + length, 0)
  if (covered > customValues.length + 1) {
    return `custom buckets: only ${customValues.length} custom bounds defined which is insufficient to cover total span length of ${covered}: histogram custom bounds are too few`
  }
  if (zeroCount !== 0) return 'custom buckets: must have zero count of 0'
  if (zeroThreshold !== 0) return 'custom buckets: must have zero threshold of 0'
  if (negativeSpans.length > 0) return 'custom buckets: must not have negative spans'
  if (negativeBuckets.length > 0) return 'custom buckets: must not have negative buckets'
  return undefined
}

function checkSpans(spans: readonly Span[], buckets: number): string | undefined {
  let needed = 0
  for (const [index, { offset, length }] of spans.entries()) {
    if (index > 0 && offset < 0) return `span number ${index + 1} with offset ${offset}: histogram has a span whose offset is negative`
    needed += length
  }
  if (needed === buckets) return undefined
  return `spans need ${needed} buckets, have ${buckets} buckets: histogram spans specify different number of buckets than provided`
}

function checkBuckets(buckets: Float64Array): string | undefined {
  const index = buckets.findIndex((count) => count < 0)
  if (index < 0) return undefined
  return `bucket number ${index + 1} has observation count of ${buckets[index]}: histogram has a bucket whose observation count is negative`
}

function checkCount({ float, count, sum, zeroCount, positiveBuckets, negativeBuckets }: Histogram): string | undefined {
  if (float) {
    if (zeroCount < 0)
      return `zero bucket has observation count of ${zeroCount}: histogram has a bucket whose observation count is negative`
    if (count < 0) return `observation count is ${count}: histogram's observation count is negative`
    // Counts of float histograms come from arithmetic; Prometheus does not compare them either.
    return undefined
  }
  const found = total(positiveBuckets) + total(negativeBuckets) + zeroCount
  const problem = `${found} observations found in buckets, but the Count field is ${count}: `
  if (Number.isNaN(sum)) {
    if (found <= count) return undefined
    return `${problem}histogram's observation count should be at least the number of observations found in the buckets`
  }
  if (found === count) return undefined
  return `${problem}histogram's observation count should equal the number of observations found in the buckets (in absence of NaN)`
}

function total(buckets: Float64Array): number {
  let sum = 0
  for (const count of buckets) sum += count
  return sum
}

function prefixed(side: string, problem: string | undefined): string | undefined {
  return problem === undefined ? undefined : `${side}: ${problem}`
}
