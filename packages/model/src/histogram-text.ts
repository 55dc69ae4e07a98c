import type { CounterResetHint, Histogram, Span } from './histogram.ts'
import { allBuckets, bucketIndexes, hasCustomBuckets } from './histogram-buckets.ts'
import { formatGeneral } from './number.ts'

/** As Prometheus writes a histogram into a label or a message: `{count:4, sum:5, (1,2]:3, (2,4]:1}`. */
export function formatHistogram(histogram: Histogram): string {
  const buckets = allBuckets(histogram).filter(({ count }) => count !== 0)
  const parts = buckets.map(({ lower, upper, lowerInclusive, upperInclusive, count }) => {
    const range = `${lowerInclusive ? '[' : '('}${formatGeneral(lower)},${formatGeneral(upper)}${upperInclusive ? ']' : ')'}`
    return `${range}:${formatGeneral(count)}`
  })
  return `{${[`count:${formatGeneral(histogram.count)}`, `sum:${formatGeneral(histogram.sum)}`, ...parts].join(', ')}}`
}

const HINTS: Readonly<Record<CounterResetHint, string>> = {
  unknown: 'unknown',
  reset: 'reset',
  'not-reset': 'not_reset',
  gauge: 'gauge',
}

/** As a histogram is written in the test language: `{{schema:1 sum:5 count:4 buckets:[1 2 1]}}`. */
export function describeHistogram(histogram: Histogram): string {
  const { schema, count, sum, zeroCount, zeroThreshold, counterResetHint } = histogram
  const parts: string[] = []
  if (schema !== 0) parts.push(`schema:${schema}`)
  if (count !== 0) parts.push(`count:${formatGeneral(count)}`)
  if (sum !== 0) parts.push(`sum:${formatGeneral(sum)}`)
  if (zeroCount !== 0) parts.push(`z_bucket:${formatGeneral(zeroCount)}`)
  if (zeroThreshold !== 0) parts.push(`z_bucket_w:${formatGeneral(zeroThreshold)}`)
  if (hasCustomBuckets(histogram)) parts.push(`custom_values:${list(histogram.customValues ?? [])}`)
  if (counterResetHint !== 'unknown') parts.push(`counter_reset_hint:${HINTS[counterResetHint]}`)
  parts.push(...describeSide('', histogram.positiveSpans, histogram.positiveBuckets))
  parts.push(...describeSide('n_', histogram.negativeSpans, histogram.negativeBuckets))
  return `{{${parts.join(' ')}}}`
}

function describeSide(prefix: string, spans: readonly Span[], counts: Float64Array): readonly string[] {
  const indexes = bucketIndexes(spans)
  const first = indexes[0]
  if (first === undefined) return []
  // The language has one span a side: gaps are written as zeros.
  const dense = new Float64Array((indexes.at(-1) as number) - first + 1)
  for (const [slot, index] of indexes.entries()) dense[index - first] = counts[slot] as number
  const offset = first === 0 ? [] : [`${prefix}offset:${first}`]
  return [...offset, `${prefix}buckets:${list(dense)}`]
}

function list(values: Iterable<number>): string {
  return `[${Array.from(values, formatGeneral).join(' ')}]`
}
